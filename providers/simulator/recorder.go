package simulator

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is what the simulator saw of one request.
type Request struct {
	Time   time.Time
	Method string
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	// Done tells that the handler has returned.
	Done bool
	// CanceledAt is when the client went away before the answer was complete; zero if it did not.
	CanceledAt time.Time
}

// recorder keeps the last requests.
type recorder struct {
	keep int

	mu      sync.Mutex
	records []*record
}

// record is one request in the recorder, nil when nothing is recorded.
type record struct {
	recorder *recorder
	stop     func() bool
	request  Request // guarded by recorder.mu
}

// Requests returns the last requests, oldest first, as many as Options.Record says. They are the caller's.
func (s *Simulator) Requests() []Request {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	requests := make([]Request, 0, len(s.recorder.records))
	for _, r := range s.recorder.records {
		requests = append(requests, r.request)
	}
	return requests
}

func (rec *recorder) begin(r *http.Request, body []byte) *record {
	if rec.keep <= 0 {
		return nil
	}
	entry := &record{recorder: rec, request: Request{
		Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Header: r.Header.Clone(), Body: bytes.Clone(body),
	}}
	entry.stop = context.AfterFunc(r.Context(), entry.canceled)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if over := len(rec.records) + 1 - rec.keep; over > 0 {
		rec.records = slices.Delete(rec.records, 0, over)
	}
	rec.records = append(rec.records, entry)
	return entry
}

func (r *record) canceled() {
	r.recorder.mu.Lock()
	defer r.recorder.mu.Unlock()
	r.request.cancel()
}

// cancel notes the first word of the client's going away.
func (r *Request) cancel() {
	if r.CanceledAt.IsZero() {
		r.CanceledAt = time.Now()
	}
}

func (r *record) end() {
	if r == nil {
		return
	}
	watching := r.stop()
	r.recorder.mu.Lock()
	defer r.recorder.mu.Unlock()
	if !watching {
		r.request.cancel() // The watch has seen the end of the context, but may not have come to note it.
	}
	r.request.Done = true
}
