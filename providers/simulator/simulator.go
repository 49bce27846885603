package simulator

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aiproxy/providers/dialect"
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

// Simulator is one simulated upstream. It implements http.Handler, at the root or below /v1.
type Simulator struct {
	name     string
	keys     map[string]bool
	models   []dialect.Model
	delay    time.Duration
	plain    *answer
	script   atomic.Pointer[script]
	recorder recorder
	served   atomic.Uint64
	buffers  sync.Pool

	// shared are header fields that are the same in every reply.
	shared http.Header
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
		keys:     make(map[string]bool, len(o.APIKeys)),
		delay:    o.ChunkDelay,
		plain:    wordsAnswer(o.Chunks),
		recorder: recorder{keep: o.Record},
		buffers:  sync.Pool{New: func() any { return new(buffers) }},
		shared:   sharedHeader(o.Name),
	}
	for _, key := range o.APIKeys {
		s.keys["Bearer "+key] = true
	}
	for _, id := range o.Models {
		s.models = append(s.models, dialect.Model{ID: id, OwnedBy: o.Name, Created: 1750000000})
	}
	if err := s.SetScript(o.Script); err != nil {
		panic("simulator: " + err.Error())
	}
	return s
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

// sharedHeader holds canonical names; the values are never changed.
func sharedHeader(name string) http.Header {
	return http.Header{
		"X-Simulator":                    {name},
		"Openai-Version":                 {"2020-10-01"},
		"Openai-Processing-Ms":           {"1"},
		"X-Ratelimit-Limit-Requests":     {"10000"},
		"X-Ratelimit-Remaining-Requests": {"9999"},
		"X-Ratelimit-Reset-Requests":     {"6ms"},
		"X-Ratelimit-Limit-Tokens":       {"2000000"},
		"X-Ratelimit-Remaining-Tokens":   {"1999000"},
		"X-Ratelimit-Reset-Tokens":       {"30ms"},
	}
}

// exchange is one request and the way to answer it. It belongs to the handler's goroutine.
type exchange struct {
	sim *Simulator
	w   http.ResponseWriter
	r   *http.Request
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
	header := w.Header()
	maps.Copy(header, s.shared)
	header["X-Request-Id"] = []string{x.id("req_")}

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
	if !s.authorized(r) {
		x.fail(&dialect.Error{
			Status: http.StatusUnauthorized, Type: "invalid_request_error", Code: "invalid_api_key",
			Message: "Incorrect API key provided. You can find your API key at " + s.name + ".",
		})
		return
	}
	x.route()
}

func (s *Simulator) authorized(r *http.Request) bool {
	return len(s.keys) == 0 || s.keys[r.Header.Get("Authorization")]
}

// route picks the endpoint by the path.
func (x *exchange) route() {
	path := strings.TrimPrefix(x.r.URL.Path, "/v1")
	id, isModel := strings.CutPrefix(path, "/models/")
	switch {
	case path == "/chat/completions":
		x.only(http.MethodPost, x.chat)
	case path == "/embeddings":
		x.only(http.MethodPost, x.embeddings)
	case path == "/models":
		x.only(http.MethodGet, x.listModels)
	case isModel:
		x.only(http.MethodGet, func() { x.model(id) })
	default:
		x.fail(&dialect.Error{
			Status: http.StatusNotFound, Type: "invalid_request_error",
			Message: "Invalid URL (" + x.r.Method + " " + x.r.URL.Path + ")",
		})
	}
}

func (x *exchange) only(method string, serve func()) {
	if x.r.Method == method {
		serve()
		return
	}
	x.w.Header()["Allow"] = []string{method}
	x.fail(&dialect.Error{
		Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Code: "method_not_supported",
		Message: "Not allowed to " + x.r.Method + " on " + x.r.URL.Path + ".",
	})
}

// id makes an id that no other request has.
func (x *exchange) id(prefix string) string {
	return prefix + x.sim.name + "-" + strconv.FormatUint(x.serial, 10)
}

// fail answers with an error in OpenAI's shape.
func (x *exchange) fail(e *dialect.Error) {
	if e.RetryAfter > 0 {
		x.w.Header()["Retry-After"] = []string{strconv.Itoa(int(e.RetryAfter.Seconds()))}
	}
	x.reply(e.Status, "application/json", dialect.EncodeError(dialect.OpenAIChat, e))
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
