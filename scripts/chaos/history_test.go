//go:build chaos && linux

package chaos

import (
	"encoding/json"
	"math"
	"os"
	"sync"
	"time"
)

// kind of an operation on a register.
type kind string

const (
	kindWrite kind = "write"
	kindCAS   kind = "compare-and-set"
	kindRead  kind = "read"
)

// forever is the return of an operation whose outcome nobody knows: it may take effect at any later time.
const forever = math.MaxInt64

// operation is what a client did to one register, and what it knows of the outcome. Times are nanoseconds of the monotonic clock
// since the scenario's start.
type operation struct {
	Client  int     `json:"client"`
	Node    string  `json:"node"`
	Kind    kind    `json:"kind"`
	Key     string  `json:"key"`
	Value   int     `json:"value"`
	IfMatch uint64  `json:"if_match,omitempty"`
	Verdict verdict `json:"verdict"`
	// Revision is that of the write's receipt, or the one that was read.
	Revision uint64 `json:"revision,omitempty"`
	Index    uint64 `json:"index,omitempty"`
	Call     int64  `json:"call"`
	Return   int64  `json:"return"`
	Note     string `json:"note,omitempty"`
}

// history is what all clients of a scenario did. It is safe for any number of them.
type history struct {
	start time.Time

	mu         sync.Mutex
	operations []operation
	unresolved map[string]int
	counts     map[verdict]int
}

func newHistory(start time.Time) *history {
	return &history{start: start, unresolved: map[string]int{}, counts: map[verdict]int{}}
}

// now is the time by the history's clock.
func (h *history) now() int64 { return int64(time.Since(h.start)) }

// add notes an operation that has ended. Writes that never take effect are not part of the history.
func (h *history) add(o operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[o.Verdict]++
	if o.Verdict == unknown || o.Verdict == odd {
		o.Return = forever
		h.unresolved[o.Key]++
	}
	h.operations = append(h.operations, o)
}

// open is the number of writes to the key of which nobody knows whether they take effect. Each multiplies the orders
// that the checker has to try.
func (h *history) open(key string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unresolved[key]
}

// all returns the operations so far.
func (h *history) all() []operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]operation(nil), h.operations...)
}

// count returns how many operations ended so.
func (h *history) count(v verdict) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[v]
}

// saveLines writes values as lines of JSON.
func saveLines[T any](path string, values []T) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	encoder := json.NewEncoder(file)
	for _, v := range values {
		if err := encoder.Encode(v); err != nil {
			return err
		}
	}
	return file.Close()
}
