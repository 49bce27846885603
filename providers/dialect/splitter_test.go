package dialect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers/dialect"
)

// boundaries feeds data in pieces of the sizes, over and over, and returns where events ended.
func boundaries(data []byte, sizes []byte) []int {
	var ends []int
	var s dialect.Splitter
	for taken, piece := 0, 0; taken < len(data); piece++ {
		size := len(data) - taken
		if len(sizes) > 0 {
			size = min(size, int(sizes[piece%len(sizes)])%64+1)
		}
		p := data[taken : taken+size]
		for off := 0; ; {
			n, ok := s.Next(p[off:])
			off += n
			if !ok {
				break
			}
			ends = append(ends, taken+off)
		}
		taken += size
	}
	return ends
}

func TestSplitterFindsEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stream string
		want         []int
	}{
		{"lf", "data: a\n\ndata: b\n\n", []int{9, 18}},
		{"crlf", "data: a\r\n\r\ndata: b\r\n\r\n", []int{11, 22}},
		{"cr", "data: a\r\rdata: b\r\r", []int{9, 18}},
		{"lf then crlf", "data: a\n\r\nx", []int{10}},
		{"crlf then lf", "data: a\r\n\nx", []int{10}},
		{"cr then crlf", "data: a\r\r\nx", []int{9}},
		{"lf then cr", "data: a\n\rx", []int{9}},
		{"several lines", "event: x\ndata: a\n: ping\n\n", []int{25}},
		{"unfinished", "data: a\n", nil},
		{"unfinished crlf", "data: a\r\n\r", nil},
		{"empty", "", nil},
		{"leading blank lines", "\n\r\ndata: a\n\n", []int{1, 3, 12}},
		{"line beyond the window", "data: " + strings.Repeat("x", 5000) + "\n\n", []int{5008}},
		{"cr beyond the window", "data: " + strings.Repeat("x", 5000) + "\r\r" + strings.Repeat("y", 600), []int{5008}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, sizes := range [][]byte{nil, {0}, {1}, {0, 4}, {40}} {
				if diff := cmp.Diff(test.want, boundaries([]byte(test.stream), sizes)); diff != "" {
					t.Errorf("pieces of %v:\n%s", sizes, diff)
				}
			}
		})
	}
}

func TestSplitterLast(t *testing.T) {
	t.Parallel()
	var s dialect.Splitter
	for _, step := range []struct {
		piece string
		want  int
	}{
		{"data: a\n\ndata: b\n\nda", 18},
		{"ta: c", -1},
		{"\n", -1},
		{"\n", 1},
		{"", -1},
		{"data: d\r\n\r", -1},
		{"\n", 1},
		{"data: e\n\r", -1},
		{"data: f", 0}, // only now the CR is known to stand alone
	} {
		if got := s.Last([]byte(step.piece)); got != step.want {
			t.Errorf("piece %q: got %d, want %d", step.piece, got, step.want)
		}
	}
}

// FuzzSplitter cuts a stream at will: the events end in the same places, and where a plain reading says.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d"), []byte{0, 3})
	f.Add([]byte("\n\r\r\n\n\r\n\r\r\r\n"), []byte{0})
	f.Add([]byte(strings.Repeat("x", 1500)+"\r\n\r"), []byte{63, 1})
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		want := plainBoundaries(string(stream))
		if diff := cmp.Diff(want, boundaries(stream, nil)); diff != "" {
			t.Fatalf("in one piece:\n%s", diff)
		}
		if diff := cmp.Diff(want, boundaries(stream, sizes)); diff != "" {
			t.Fatalf("in pieces of %v:\n%s", sizes, diff)
		}
	})
}

// plainBoundaries reads line by line.
func plainBoundaries(stream string) []int {
	var ends []int
	afterLF := true
	for pos := 0; ; {
		length := strings.IndexAny(stream[pos:], "\r\n")
		if length < 0 {
			return ends
		}
		end := pos + length + 1
		isLF := stream[end-1] == '\n'
		completed := !isLF && end < len(stream) && stream[end] == '\n'
		switch {
		case length == 0 && !isLF && afterLF && end == len(stream):
			return ends // an LF may still come
		case length == 0 && completed && !afterLF:
			ends = append(ends, end)
		case length == 0 && completed:
			ends = append(ends, end+1)
		case length == 0:
			ends = append(ends, end)
		}
		if completed {
			end++
		}
		afterLF = isLF || completed
		pos = end
	}
}
