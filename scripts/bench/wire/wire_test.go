package wire_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"aiproxy/scripts/bench/wire"
)

func TestReadHead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     wire.Head
		fault    error
	}{
		{
			name: "request",
			in:   "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nauthorization:  Bearer k \r\nContent-Length: 12\r\n\r\n",
			want: wire.Head{Length: 12, Authorization: "Bearer k"},
		},
		{
			name: "chunked response",
			in:   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			want: wire.Head{Status: 200, Length: -1, Chunked: true},
		},
		{
			name: "response that closes, bare line feeds",
			in:   "HTTP/1.1 503 Service Unavailable\nConnection: Close\nCONTENT-LENGTH: 0\n\n",
			want: wire.Head{Status: 503, Close: true},
		},
		{name: "nothing", in: "", fault: io.EOF},
		{name: "end in the first line", in: "HTTP/1.1 2", fault: io.ErrUnexpectedEOF},
		{name: "end in the fields", in: "HTTP/1.1 200 OK\r\nA: b\r\n", fault: io.ErrUnexpectedEOF},
		{name: "no HTTP", in: "hello\r\n\r\n", fault: wire.ErrMalformed},
		{name: "no status", in: "HTTP/1.1 \r\n\r\n", fault: wire.ErrMalformed},
		{name: "no colon", in: "HTTP/1.1 200 OK\r\nfoo\r\n\r\n", fault: wire.ErrMalformed},
		{name: "no number", in: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", fault: wire.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.ReadHead(bufio.NewReader(strings.NewReader(tt.in)))
			if !errors.Is(err, tt.fault) {
				t.Fatalf("got error %v, want %v", err, tt.fault)
			}
			if tt.fault != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	chunked, counted, open := wire.Head{Length: -1, Chunked: true}, wire.Head{Length: 5}, wire.Head{Length: -1}
	tests := []struct {
		name     string
		head     wire.Head
		in, want string
		fault    error
	}{
		{name: "counted", head: counted, in: "hellorest", want: "hello"},
		{name: "counted, cut", head: counted, in: "hell", want: "hell", fault: io.ErrUnexpectedEOF},
		{name: "to the end", head: open, in: "hello", want: "hello"},
		{name: "chunks", head: chunked, in: "3\r\nhel\r\n02;x=y\r\nlo\r\n0\r\n\r\nrest", want: "hello"},
		{name: "chunks in hexadecimal", head: chunked, in: "a\r\n0123456789\r\n0\r\n\r\n", want: "0123456789"},
		{name: "cut between chunks", head: chunked, in: "3\r\nhel\r\n", want: "hel", fault: io.ErrUnexpectedEOF},
		{name: "cut in a chunk", head: chunked, in: "3\r\nhe", want: "he", fault: io.ErrUnexpectedEOF},
		{name: "cut before the last line", head: chunked, in: "0\r\n", fault: io.ErrUnexpectedEOF},
		{name: "no size", head: chunked, in: "zz\r\n", fault: wire.ErrMalformed},
		{name: "negative size", head: chunked, in: "-1\r\n", fault: wire.ErrMalformed},
		{name: "longer than its size", head: chunked, in: "1\r\nab\r\n0\r\n\r\n", want: "a", fault: wire.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, in := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
			} {
				var got strings.Builder
				err := wire.ReadBody(bufio.NewReader(in), tt.head, func(piece []byte) error {
					got.Write(piece)
					return nil
				})
				if !errors.Is(err, tt.fault) || got.String() != tt.want {
					t.Errorf("%s: got %q, %v, want %q, %v", name, got.String(), err, tt.want, tt.fault)
				}
			}
		})
	}
}

func TestReadBodyStopsAtTheReadersError(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for _, head := range []wire.Head{{Length: 2}, {Length: -1}, {Chunked: true}} {
		in := bufio.NewReader(strings.NewReader("2\r\nab\r\n0\r\n\r\n"))
		if err := wire.ReadBody(in, head, func([]byte) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%+v: got %v", head, err)
		}
	}
}
