package providers

import "sync"

// Buffers grow through these capacities, each with a pool of its own, so that a small request never pins the
// memory of a large one. Beyond the last they double and are left to the garbage collector.
const (
	bufferClasses  = 5
	smallestBuffer = 4 << 10
	bufferGrowth   = 4
)

// bufferPools is shared by all bodies; the pools synchronize themselves.
var bufferPools [bufferClasses]sync.Pool

// buffer is a slice and the pool that it came from.
type buffer struct {
	bytes  []byte
	pooled bool
	class  int
}

// classFor is the class of a buffer that holds n bytes and finds the end behind them without growing. It never goes
// beyond the pools: a length that a client only claims costs no more than their largest buffer.
func classFor(n int64) int {
	class := 0
	for size := int64(smallestBuffer); size <= n && class < bufferClasses-1; size *= bufferGrowth {
		class++
	}
	return class
}

func takeBuffer(class int) *buffer {
	if b, ok := bufferPools[class].Get().(*buffer); ok {
		return b
	}
	size := smallestBuffer
	for range class {
		size *= bufferGrowth
	}
	return &buffer{bytes: make([]byte, 0, size), pooled: true, class: class}
}

// grow returns a larger buffer with the same content and gives b back.
func (b *buffer) grow() *buffer {
	var larger *buffer
	if b.pooled && b.class+1 < bufferClasses {
		larger = takeBuffer(b.class + 1)
	} else {
		larger = &buffer{bytes: make([]byte, 0, 2*cap(b.bytes))}
	}
	larger.bytes = append(larger.bytes, b.bytes...)
	b.put()
	return larger
}

func (b *buffer) put() {
	if !b.pooled {
		return
	}
	b.bytes = b.bytes[:0]
	bufferPools[b.class].Put(b)
}
