package simulator

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Options shape a Simulator. The zero value is a fast and sound upstream that accepts every key.
type Options struct {
	// Name is shown in answers and in the header X-Simulator, to tell one from another; "simulator" if empty.
	Name string
	// APIKeys are the accepted keys. With none, every request is accepted.
	APIKeys []string
	// Models are the names that the list of models shows; a default list if empty. Others are answered as well.
	Models []string
	// Chunks is the number of pieces, of about one word each, of a plain answer; 32 if zero.
	Chunks int
	// ChunkDelay passes before each event of a stream.
	ChunkDelay time.Duration
	// Script applies to requests whose model is no script. New panics on an unknown one.
	Script string
	// Record is how many of the last requests are kept for Requests.
	Record int
}

const (
	defaultChunks  = 32
	maxRequestBody = 64 << 20
)

// Simulator is one simulated upstream. It implements http.Handler for the paths of all protocols; OpenAI's are there
// without /v1 as well.
type Simulator struct {
	name     string
	keys     atomic.Pointer[map[string]bool]
	models   []string
	delay    time.Duration
	plain    *answer
	script   atomic.Pointer[script]
	recorder recorder
	served   atomic.Uint64
	buffers  sync.Pool

	onboardings onboardings
	stored      storedResponses
}

// New returns a simulator.
func New(o Options) *Simulator {
	if o.Name == "" {
		o.Name = "simulator"
	}
	if o.Chunks == 0 {
		o.Chunks = defaultChunks
	}
	if len(o.Models) == 0 {
		o.Models = []string{"gpt-4o", "gpt-4o-mini", "text-embedding-3-small"}
	}
	s := &Simulator{
		name:     o.Name,
		models:   slices.Clone(o.Models),
		delay:    o.ChunkDelay,
		plain:    say(plainWords(o.Chunks)...),
		recorder: recorder{keep: o.Record},
		buffers:  sync.Pool{New: func() any { return new(buffers) }},
	}
	s.SetAPIKeys(o.APIKeys...)
	if err := s.SetScript(o.Script); err != nil {
		panic("simulator: " + err.Error())
	}
	return s
}

// SetAPIKeys changes Options.APIKeys from the next request on, as when a key is withdrawn or a token renewed.
func (s *Simulator) SetAPIKeys(keys ...string) {
	accepted := make(map[string]bool, len(keys))
	for _, key := range keys {
		accepted[key] = true
	}
	s.keys.Store(&accepted)
}

// SetScript changes Options.Script from the next request on; the empty name ends it. Unknown scripts are an error
// and change nothing.
func (s *Simulator) SetScript(name string) error {
	if name == "" {
		s.script.Store(&soundScript)
		return nil
	}
	sc, err := parseScript(name)
	if err == nil {
		s.script.Store(&sc)
	}
	return err
}

// exchange is one request and the way to answer it. It belongs to the handler's goroutine.
type exchange struct {
	sim *Simulator
	w   http.ResponseWriter
	r   *http.Request
	// vendor is whose protocol the request's path belongs to.
	vendor vendor
	// serial is this request's number, the source of all its ids.
	serial uint64
	body   []byte
	// out is space to put replies and events together in.
	out    []byte
	record *record
}

// buffers are the space that one exchange needs, pooled.
type buffers struct {
	in  bytes.Buffer
	out []byte
}

// ServeHTTP answers one request.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchange{sim: s, w: w, r: r, serial: s.served.Add(1)}
	to := routeOf(r)
	x.vendor = to.vendor
	header := w.Header()
	header["X-Simulator"] = []string{s.name}
	x.vendor.greet(&x, header)

	buf, _ := s.buffers.Get().(*buffers)
	defer func() {
		buf.out = x.out
		s.buffers.Put(buf)
	}()
	buf.in.Reset()
	if _, err := buf.in.ReadFrom(io.LimitReader(r.Body, maxRequestBody)); err != nil {
		return // nobody is left to answer
	}
	x.body, x.out = buf.in.Bytes(), buf.out
	x.record = s.recorder.begin(r, x.body)
	defer x.record.end()
	if f := x.admit(to); f != nil {
		x.fail(f)
		return
	}
	to.serve(&x)
}

// admit checks the key and the method.
func (x *exchange) admit(to route) *fault {
	key := x.vendor.key(x.r)
	if keys := *x.sim.keys.Load(); len(keys) > 0 && !keys[key] && !to.open {
		if key == "" {
			return &fault{status: http.StatusUnauthorized, cause: missingKey}
		}
		return &fault{status: http.StatusUnauthorized, cause: wrongKey}
	}
	if to.method != "" && x.r.Method != to.method {
		x.w.Header()["Allow"] = []string{to.method}
		return &fault{status: http.StatusMethodNotAllowed, cause: wrongMethod}
	}
	return nil
}

// id makes an id that no other request has.
func (x *exchange) id(prefix string) string {
	return prefix + x.sim.name + "-" + strconv.FormatUint(x.serial, 10)
}

// reply sends a whole answer with one write.
func (x *exchange) reply(status int, contentType string, body []byte) {
	header := x.w.Header()
	header["Content-Type"] = []string{contentType}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a client that has gone shows in the record
}

// wait lets d pass and tells whether the client is still there.
func (x *exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// hang waits for the client to go away.
func (x *exchange) hang() { <-x.r.Context().Done() }
