package dialect_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"aiproxy/providers/dialect"
)

// benchText is an answer whose fragments are as long as those of models.
func benchText(fragments int) *dialect.Response {
	var text strings.Builder
	for i := range fragments {
		text.WriteString(" word")
		if i%16 == 15 {
			text.WriteString(".\n")
		}
	}
	return &dialect.Response{
		ID: "id_1", Model: "m", Created: 1, Counted: true, Usage: dialect.Usage{Input: 20, Output: int64(fragments)},
		Choices: []dialect.Choice{{Parts: []dialect.Part{{Text: text.String()}}, Stop: dialect.Stop{Reason: dialect.StopEnd}}},
	}
}

// streamOf tells an answer as a stream of the dialect, its texts in fragments of that many bytes.
func streamOf(c dialect.Codec, r *dialect.Response, size int) [][]byte {
	encoder := c.NewEncoder(exchangeFor(c, true))
	var events [][]byte
	dialect.Replay(r, func(e *dialect.Event) {
		if e.Kind != dialect.EventDelta {
			events = append(events, cutEvents(encoder.Encode(nil, e), 1<<20)...)
			return
		}
		for text := e.Text; len(text) > 0; {
			part := *e
			part.Text = text[:min(size, len(text))]
			text = text[len(part.Text):]
			events = append(events, cutEvents(encoder.Encode(nil, &part), 1<<20)...)
		}
	})
	return events
}

// BenchmarkTranslateEvent is one event of a streamed text of 1,000, for each pair of dialects. The pairs with
// themselves, which are never translated, are there for comparison; "pass" is what is done with an event that passes.
func BenchmarkTranslateEvent(b *testing.B) {
	r := benchText(1000)
	for _, from := range clientCodecs() {
		events := streamOf(from, r, 5)
		b.Run(string(from.Name())+"/pass", func(b *testing.B) { benchPass(b, from.Name(), events) })
		for _, to := range clientCodecs() {
			b.Run(string(from.Name())+"/"+string(to.Name()), func(b *testing.B) { benchStream(b, from, to, events) })
		}
	}
}

func benchPass(b *testing.B, n dialect.Name, events [][]byte) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; i < b.N; {
		var splitter dialect.Splitter
		var ending dialect.Ending
		for _, event := range events {
			if splitter.Last(event) != len(event) {
				b.Fatal("no whole event")
			}
			ending.Look(n, event)
			i++
		}
		if !ending.Complete() {
			b.Fatal("no end")
		}
	}
}

func benchStream(b *testing.B, from, to dialect.Codec, events [][]byte) {
	b.Helper()
	var out []byte
	b.ReportAllocs()
	for i := 0; i < b.N; {
		var splitter dialect.Splitter
		stream := dialect.NewStream(from, to, exchangeFor(from, true))
		for _, event := range events {
			if splitter.Last(event) != len(event) {
				b.Fatal("no whole event")
			}
			var err error
			if out, err = stream.Feed(out[:0], event); err != nil {
				b.Fatal(err)
			}
			i++
		}
		var err error
		if out, err = stream.Close(out[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTranslateRequest is a request of a coding agent, for each pair of dialects that differ.
func BenchmarkTranslateRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10, 512 << 10} {
		chat, _ := dialect.Lookup(dialect.OpenAIChat)
		req, err := chat.DecodeRequest(requestOf(size), &dialect.Report{Client: chat})
		if err != nil {
			b.Fatal(err)
		}
		for _, from := range clientCodecs() {
			x := exchangeFor(from, true)
			x.Request = req
			body := from.EncodeRequest(nil, x, &dialect.Report{Client: from})
			for _, to := range clientCodecs() {
				if from == to {
					continue
				}
				name := strings.Join([]string{strconv.Itoa(size >> 10), "KB/", string(from.Name()), "/", string(to.Name())}, "")
				b.Run(name, func(b *testing.B) { benchRequest(b, from, to, body) })
			}
		}
	}
}

func benchRequest(b *testing.B, from, to dialect.Codec, body []byte) {
	b.Helper()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		report := &dialect.Report{Client: from}
		req, err := from.DecodeRequest(body, report)
		if err != nil {
			b.Fatal(err)
		}
		x := exchangeFor(to, true)
		x.Request = req
		if out := to.EncodeRequest(make([]byte, 0, len(body)+512), x, report); !bytes.HasSuffix(out, []byte("}")) {
			b.Fatal("no request")
		}
	}
}
