package fsm

// memorySize is how many idempotency keys are remembered. It is part of the replicated behaviour.
const memorySize = 1024

// remembered is the outcome of a command that had an idempotency key.
type remembered struct {
	Key string `json:"key"`
	// Type and Target tell what the key was used for, so that its reuse for something else is noticed.
	Type      Type       `json:"type"`
	Target    string     `json:"target,omitempty"`
	Index     uint64     `json:"index"`
	Revision  uint64     `json:"revision"`
	Rejection *Rejection `json:"rejection,omitempty"`
}

func (r remembered) result() Result {
	return Result{Index: r.Index, Revision: r.Revision, Rejection: r.Rejection, Repeated: true}
}

// memory is the idempotency table as the applying goroutine uses it. Views share the array behind recent: an entry
// is only ever appended behind the last one that any of them can see.
type memory struct {
	recent []remembered
	byKey  map[string]remembered
}

func newMemory(recent []remembered) *memory {
	m := &memory{recent: recent, byKey: make(map[string]remembered, memorySize)}
	for _, r := range recent {
		m.byKey[r.Key] = r
	}
	return m
}

func (m *memory) lookup(key string) (remembered, bool) {
	r, ok := m.byKey[key]
	return r, ok
}

// add remembers r and forgets the oldest entry where there are too many.
func (m *memory) add(r remembered) {
	m.recent = append(m.recent, r)
	m.byKey[r.Key] = r
	if len(m.recent) > memorySize {
		delete(m.byKey, m.recent[0].Key)
		m.recent = m.recent[1:]
	}
}

// clip bounds what is remembered of a target. A valid one is never that long.
func clip(target string) string { return target[:min(len(target), maxName+1)] }
