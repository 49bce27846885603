package dialect_test

import (
	"testing"

	"aiproxy/providers/dialect"
)

func TestEventArray(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, events, want string }{
		{"nothing", "", "[]\n"},
		{"one", "data: {\"a\":1}\n\n", "[{\"a\":1}]\n"},
		{"line ends of Google's", "data: {\"a\":1}\r\n\r\ndata: {\"a\":2}\r\n\r\n", "[{\"a\":1},\n{\"a\":2}]\n"},
		{"old line ends", "data:{}\r\rdata:{}\r\r", "[{},\n{}]\n"},
		{"comments and names", ": alive\n\nevent: x\ndata: {}\nid: 7\n\n: alive\n\n", "\n[{}\n]\n"},
		{"several lines of data", "data: {\ndata: }\n\ndata: {}\n\n", "[{\n},\n{}]\n"},
		{"fields with like names", "dat: 1\ndatum: 2\ndata: {}\n\n", "[{}]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for size := 1; size <= max(1, len(test.events)); size++ {
				var a dialect.EventArray
				var got []byte
				for at := 0; at < len(test.events); at += size {
					got = a.Feed(got, []byte(test.events[at:min(at+size, len(test.events))]))
				}
				if got = a.Close(got); string(got) != test.want {
					t.Errorf("in pieces of %d: %q, want %q", size, got, test.want)
				}
			}
		})
	}
}
