package kiroapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
)

// frame is a frame of Amazon's with headers of that name and text in turn.
func frame(tb testing.TB, payload string, headers ...string) []byte {
	tb.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for i := 0; i < len(headers); i += 2 {
		m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	var out bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&out, m); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func event(tb testing.TB, kind, payload string) []byte {
	tb.Helper()
	return frame(tb, payload, ":message-type", "event", ":event-type", kind, ":content-type", "application/json")
}

// pieces gives what it has in pieces of that many bytes, then err.
type pieces struct {
	rest []byte
	size int
	err  error
	read int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, p.err
	}
	n := copy(b[:min(len(b), p.size)], p.rest)
	p.rest = p.rest[n:]
	p.read += n
	return n, nil
}

func (p *pieces) Close() error { return nil }

func TestFramesBecomeEvents(t *testing.T) {
	t.Parallel()
	stream := bytes.Join([][]byte{
		event(t, "initial-response", ""),
		event(t, "assistantResponseEvent", `{"content":"é\n"}`),
		event(t, "toolUseEvent", "{\r\n \"name\":\"f\"\n}"),
		frame(t, `{"message":"slow"}`, ":message-type", "exception", ":exception-type", "ThrottlingException"),
		frame(t, `no "JSON"`, ":message-type", "exception", ":exception-type", "Odd\nOne"),
		frame(t, "", ":message-type", "error", ":error-code", "InternalError", ":error-message", "gone"),
		frame(t, `{}`),
	}, nil)
	const want = "event: initial-response\ndata: {}\n\n" +
		"event: assistantResponseEvent\ndata: {\"content\":\"é\\n\"}\n\n" +
		"event: toolUseEvent\ndata: {   \"name\":\"f\" }\n\n" +
		"event: exception.ThrottlingException\ndata: {\"message\":\"slow\"}\n\n" +
		"event: exception.Odd_One\ndata: {\"message\":\"no \\\"JSON\\\"\"}\n\n" +
		"event: exception.InternalError\ndata: {\"message\":\"gone\"}\n\n" +
		"event: \ndata: {}\n\n"
	for size := range len(stream) {
		body := newEventBody(&pieces{rest: stream, size: size + 1, err: io.EOF})
		got, err := io.ReadAll(iotest.OneByteReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Fatalf("in pieces of %d bytes: -want +got:\n%s", size+1, diff)
		}
	}
}

func TestFramesThatAreNotWhole(t *testing.T) {
	t.Parallel()
	whole := event(t, "assistantResponseEvent", `{"content":"a"}`)
	two := append(bytes.Clone(whole), whole...)
	for cut := len(whole) + 1; cut < len(two); cut++ {
		got, err := io.ReadAll(newEventBody(&pieces{rest: two[:cut], size: 64, err: io.EOF}))
		if !errors.Is(err, io.ErrUnexpectedEOF) || strings.Count(string(got), "event:") != 1 {
			t.Fatalf("cut at %d of %d: %v after %q", cut, len(two), err, got)
		}
	}
	broken := errors.New("connection reset")
	if _, err := io.ReadAll(newEventBody(&pieces{rest: two[:len(whole)+9], size: 64, err: broken})); !errors.Is(err, broken) {
		t.Errorf("a broken connection is told as %v", err)
	}
}

func TestFramesThatFailTheirCheck(t *testing.T) {
	t.Parallel()
	whole := event(t, "assistantResponseEvent", `{"content":"a"}`)
	for at := range whole {
		damaged := append(bytes.Clone(whole), whole...)
		damaged[len(whole)+at] ^= 0x40
		got, err := io.ReadAll(newEventBody(&pieces{rest: damaged, size: 7, err: io.EOF}))
		if err == nil || strings.Count(string(got), "event:") != 1 {
			t.Fatalf("damage at %d: %v after %q", at, err, got)
		}
		if fault, ok := errors.AsType[*providers.Error](err); ok && fault.Class != providers.ClassProvider {
			t.Errorf("damage at %d is of class %v", at, fault.Class)
		}
	}
}

// A frame must not wait for the next one, and the rest of the answer not be read ahead of the client.
func TestFramesAreNotHeldBack(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	body := newEventBody(r)
	first := event(t, "assistantResponseEvent", `{"content":"a"}`)
	go func() { _, _ = w.Write(append(first, first[:20]...)) }()
	buf := make([]byte, 1<<10)
	n, err := body.Read(buf)
	if err != nil || !strings.HasSuffix(string(buf[:n]), "\n\n") {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	body.Close()

	src := &pieces{rest: bytes.Repeat(first, 10_000), size: 1 << 20, err: io.EOF}
	if _, err := newEventBody(src).Read(buf); err != nil || src.read > 4*readSize {
		t.Errorf("%d bytes were read for the first event (error %v)", src.read, err)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(event(f, "assistantResponseEvent", `{"content":"a"}`), 3)
	f.Add(append(event(f, "a", "{}"), frame(f, "x", ":message-type", "exception")...), 1)
	f.Add([]byte{0, 0, 0, 16, 0, 0, 0, 0}, 2)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 {
			size = 1
		}
		whole, wholeErr := io.ReadAll(newEventBody(&pieces{rest: stream, size: len(stream) + 1, err: io.EOF}))
		cut, cutErr := io.ReadAll(newEventBody(&pieces{rest: stream, size: size, err: io.EOF}))
		if !bytes.Equal(whole, cut) || fmt.Sprint(wholeErr) != fmt.Sprint(cutErr) {
			t.Fatalf("the cuts change the events:\n%q %v\n%q %v", whole, wholeErr, cut, cutErr)
		}
		if events := strings.Count(string(whole), "\n\n"); events != strings.Count(string(whole), "\n")/3 || bytes.ContainsRune(whole, '\r') {
			t.Fatalf("not made of events: %q", whole)
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	one := event(b, "assistantResponseEvent", `{"content":"word "}`)
	const frames = 1000
	stream := bytes.Repeat(one, frames)
	buf := make([]byte, 32<<10)
	b.ReportAllocs()
	for b.Loop() {
		body := newEventBody(&pieces{rest: stream, size: 4 << 10, err: io.EOF})
		for {
			if _, err := body.Read(buf); err != nil {
				break
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*frames), "ns/frame")
}
