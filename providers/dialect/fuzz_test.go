package dialect_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/providers/dialect"
)

// names returns all dialects that there are.
func names() []dialect.Name {
	return []dialect.Name{dialect.OpenAIChat, dialect.OpenAIResponses, dialect.Anthropic, dialect.Gemini, dialect.Kiro}
}

// codecs returns the codecs that upstreams speak, which are all.
func codecs() []dialect.UpstreamCodec {
	var list []dialect.UpstreamCodec
	for _, n := range names() {
		if c, ok := dialect.LookupUpstream(n); ok {
			list = append(list, c)
		}
	}
	return list
}

// clientCodecs returns the codecs that clients speak.
func clientCodecs() []dialect.Codec {
	var list []dialect.Codec
	for _, n := range names() {
		if c, ok := dialect.Lookup(n); ok {
			list = append(list, c)
		}
	}
	return list
}

func vendorOf(n dialect.Name) dialect.Vendor {
	switch n {
	case dialect.Anthropic:
		return dialect.VendorAnthropic
	case dialect.Gemini:
		return dialect.VendorGoogle
	case dialect.Kiro:
		return dialect.VendorKiro
	default:
		return dialect.VendorOpenAI
	}
}

func exchangeFor(c dialect.UpstreamCodec, stream bool) *dialect.Exchange {
	return &dialect.Exchange{
		ID: "req1", Now: 1, Request: &dialect.Request{Stream: stream, IncludeUsage: true},
		Target: dialect.Target{
			Dialect: c.Name(), Vendor: vendorOf(c.Name()), Model: "claude-sonnet-4-5", Stream: stream,
			ServerTools: []dialect.ServerTool{dialect.ServerWebSearch, dialect.ServerCodeInterpreter},
		},
	}
}

// addSections gives the golden cases' sections of those names to a fuzz target as seeds.
func addSections(f *testing.F, add func(text string), names ...string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*-*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range splitSections(string(text)) {
			for _, name := range names {
				if strings.HasPrefix(s.name, name) {
					add(s.body)
				}
			}
		}
	}
}

// FuzzDecoder cuts a stream anywhere: what every decoder tells keeps the order that encoders rely on, does not depend
// on the cuts, and every encoder makes whole events of it.
func FuzzDecoder(f *testing.F) {
	addSections(f, func(text string) { f.Add([]byte(text), uint8(7)) }, "upstream stream", "client stream")
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		for _, from := range codecs() {
			for _, to := range clientCodecs() {
				checkStream(t, from, to, stream, int(cut)+1)
			}
		}
	})
}

func checkStream(t *testing.T, from dialect.UpstreamCodec, to dialect.ClientCodec, stream []byte, cut int) {
	t.Helper()
	x := exchangeFor(from, true)
	events := cutEvents(stream, cut)
	if whole := cutEvents(stream, len(stream)+1); !bytes.Equal(bytes.Join(events, []byte("|")), bytes.Join(whole, []byte("|"))) {
		t.Fatalf("the cuts change the events")
	}
	decoder, o := from.NewDecoder(x), order{}
	pass := func(list []dialect.Event) {
		for i := range list {
			if err := o.check(&list[i]); err != nil {
				t.Fatalf("%s: %v in\n%s", from.Name(), err, stream)
			}
		}
	}
	var list []dialect.Event
	var err error
	translated := dialect.NewStream(from, to, exchangeFor(from, true))
	var out []byte
	for _, event := range events {
		data, ok := dataOf(event)
		if !ok {
			continue
		}
		list, err = decoder.Decode(list[:0], dialect.Frame{Name: nameOf(event), Data: data})
		pass(list)
		if err != nil {
			break
		}
		if out, err = translated.Feed(out, event); err != nil {
			break
		}
	}
	if err == nil && !o.ended {
		list, err = decoder.Close(list[:0])
		pass(list)
		if err == nil && !o.ended {
			t.Fatalf("%s: closed without an end", from.Name())
		}
		out, _ = translated.Close(out)
	}
	checkEvents(t, to, translated.Fail(out, &dialect.Error{Status: 502, Message: "broken"}))
}

// checkEvents sees whole events with JSON in them.
func checkEvents(t *testing.T, c dialect.ClientCodec, out []byte) {
	t.Helper()
	var responses responsesOrder
	for _, event := range cutEvents(out, len(out)+1) {
		data, ok := dataOf(event)
		if ok && string(data) != "[DONE]" && !json.Valid(data) {
			t.Fatalf("%s wrote an event that is no JSON: %s", c.Name(), event)
		}
		if !ok || c.Name() != dialect.OpenAIResponses {
			continue
		}
		if err := responses.check(data); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
	}
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n\n")) {
		t.Fatalf("%s wrote half an event: %s", c.Name(), out)
	}
}

// cutEvents splits a stream that comes in pieces of that many bytes.
func cutEvents(stream []byte, size int) [][]byte {
	var splitter dialect.Splitter
	var list [][]byte
	var held []byte
	for len(stream) > 0 {
		piece := stream[:min(size, len(stream))]
		stream = stream[len(piece):]
		for {
			n, ok := splitter.Next(piece)
			held = append(held, piece[:n]...)
			piece = piece[n:]
			if !ok {
				break
			}
			list = append(list, held)
			held = nil
		}
	}
	return list
}

func dataOf(event []byte) ([]byte, bool) {
	var lines [][]byte
	for line := range bytes.FieldsFuncSeq(event, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			lines = append(lines, bytes.TrimPrefix(data, []byte(" ")))
		}
	}
	return bytes.Join(lines, []byte("\n")), len(lines) > 0
}

func nameOf(event []byte) []byte {
	for line := range bytes.FieldsFuncSeq(event, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			return name
		}
	}
	return nil
}

// FuzzRequest translates what may be a request: of JSON comes JSON.
func FuzzRequest(f *testing.F) {
	addSections(f, func(text string) { f.Add([]byte(text)) }, "client request")
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := json.Valid(body)
		for _, from := range clientCodecs() {
			req, err := from.DecodeRequest(body, &dialect.Report{Client: from})
			if err != nil {
				continue
			}
			for _, to := range codecs() {
				x := exchangeFor(to, false)
				x.Request = req
				out := to.EncodeRequest(nil, x, &dialect.Report{Client: from})
				if valid && !json.Valid(out) {
					t.Fatalf("%s to %s: no JSON:\n%s", from.Name(), to.Name(), out)
				}
			}
		}
	})
}

// FuzzResponse translates what may be a whole answer, and reads it as an error.
func FuzzResponse(f *testing.F) {
	addSections(f, func(text string) { f.Add([]byte(text)) }, "upstream answer", "upstream error")
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := json.Valid(body)
		for _, from := range codecs() {
			for _, to := range clientCodecs() {
				e := from.DecodeError(400, nil, body)
				if told := dialect.EncodeError(to.Name(), e); !json.Valid(told) || to.ErrorStatus(e) < 400 {
					t.Fatalf("%s to %s: %d %s", from.Name(), to.Name(), to.ErrorStatus(e), told)
				}
				out, _, err := dialect.TranslateResponse(nil, body, from, to, exchangeFor(from, false))
				if err == nil && valid && !json.Valid(out) {
					t.Fatalf("%s to %s: no JSON:\n%s", from.Name(), to.Name(), out)
				}
			}
		}
	})
}
