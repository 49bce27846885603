package dialect_test

import (
	"bytes"
	"runtime"
	"testing"

	"aiproxy/providers/dialect"
)

// TestStreamKeepsNothing translates a long stream between all pairs of dialects and sees that memory does not grow
// with it. Clients of OpenAI Responses are the exception: the last events repeat the answer, which is kept once. It is
// not parallel, because memory is the whole process's.
func TestStreamKeepsNothing(t *testing.T) {
	long, extra := int64(50<<20), int64(5<<20)
	if testing.Short() {
		long, extra = 10<<20, 2<<20
	}
	for _, from := range clientCodecs() {
		for _, to := range clientCodecs() {
			if from == to {
				continue
			}
			t.Run(string(from.Name())+" to "+string(to.Name()), func(t *testing.T) {
				limit := extra
				if to.Name() == dialect.OpenAIResponses {
					limit += long + long/2 // Buffers grow by more than is needed at once.
				}
				if grown := growth(t, from, to, long); grown > limit {
					t.Errorf("a stream with %d bytes of text holds %d bytes, want at most %d", long, grown, limit)
				}
			})
		}
	}
}

// growth is by how much the heap has grown once so many bytes of text have passed, with the stream still open.
func growth(t *testing.T, from, to dialect.Codec, long int64) int64 {
	t.Helper()
	const piece = 4 << 10
	answer := &dialect.Response{ID: "id_1", Model: "m", Choices: []dialect.Choice{{
		Parts: []dialect.Part{{Text: string(bytes.Repeat([]byte("word \n"), piece/6))}}, Stop: dialect.Stop{Reason: dialect.StopEnd},
	}}}
	events := streamOf(from, answer, piece)
	fragment := 0
	for i := range events {
		if len(events[i]) > len(events[fragment]) && bytes.Contains(events[i], []byte("word")) && len(events[i]) < 2*piece {
			fragment = i
			break
		}
	}
	stream := dialect.NewStream(from, to, exchangeFor(from, true))
	var out []byte
	feed := func(event []byte) {
		var err error
		if out, err = stream.Feed(out[:0], event); err != nil {
			t.Fatal(err)
		}
	}
	for _, event := range events[:fragment+1] {
		feed(event)
	}
	before := heap()
	told := int64(0)
	for sent := int64(0); sent < long; sent += piece {
		feed(events[fragment])
		told += int64(len(out))
	}
	grown := heap() - before
	if told < long {
		t.Fatalf("only %d bytes of %d have come", told, long)
	}
	runtime.KeepAlive(stream)
	return grown
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
