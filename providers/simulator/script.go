package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aiproxy/providers/dialect"
)

// script says how a request is answered. The zero value answers soundly.
type script struct {
	// What comes instead of an answer.
	refusal *dialect.Error
	page    *page
	hang    bool
	reset   bool

	// What passes before it.
	firstByte time.Duration

	// What the answer is made of.
	content       content
	size          int
	noMaxTokens   bool
	repeatToolIDs bool

	// How a stream looks on the wire.
	eventDelay  time.Duration
	lineEnd     string
	noSpace     bool
	comments    bool
	dribble     bool
	usageAlways bool
	noDone      bool
	halfway     halfway
}

// page is a reply that is not in OpenAI's shape.
type page struct {
	status      int
	contentType string
	body        string
}

// content is what an answer is made of.
type content uint8

const (
	plainWords content = iota
	countedWords
	echo
	scripts
	hugeLine
	reasoning
	oneToolCall
	twoToolCalls
)

// halfway is what happens in the middle of an answer.
type halfway uint8

const (
	nothing halfway = iota
	silence
	earlyEnd
	brokenConnection
	errorEvent
)

const scriptPrefix = "sim-"

// soundScript is what answers a model that is no script; it is never changed.
var soundScript = script{lineEnd: "\n"}

// fixedScripts are the scripts without an argument, or with its default; the table is never changed.
var fixedScripts = map[string]func(*script){
	"echo":            func(s *script) { s.content = echo },
	"unicode":         func(s *script) { s.content = scripts },
	"huge-line":       func(s *script) { s.content, s.size = hugeLine, 4<<20 },
	"reasoning":       func(s *script) { s.content = reasoning },
	"reasoner":        func(s *script) { s.content, s.noMaxTokens = reasoning, true },
	"tool-call":       func(s *script) { s.content = oneToolCall },
	"parallel-tools":  func(s *script) { s.content = twoToolCalls },
	"repeat-tool-id":  func(s *script) { s.content, s.repeatToolIDs = oneToolCall, true },
	"slow-first-byte": func(s *script) { s.firstByte = time.Second },
	"slow-stream":     func(s *script) { s.eventDelay = 100 * time.Millisecond },
	"hang":            func(s *script) { s.hang = true },
	"hang-midstream":  func(s *script) { s.halfway = silence },
	"crlf":            func(s *script) { s.lineEnd = "\r\n" },
	"cr":              func(s *script) { s.lineEnd = "\r" },
	"no-space":        func(s *script) { s.noSpace = true },
	"comments":        func(s *script) { s.comments = true },
	"dribble":         func(s *script) { s.dribble = true },
	"usage-always":    func(s *script) { s.usageAlways = true },
	"no-done":         func(s *script) { s.noDone = true },
	"early-end":       func(s *script) { s.halfway = earlyEnd },
	"truncate":        func(s *script) { s.halfway = brokenConnection },
	"midstream-error": func(s *script) { s.halfway = errorEvent },
	"reset":           func(s *script) { s.reset = true },
	"quota":           func(s *script) { s.refusal = quotaRefusal() },
	"err-html":        func(s *script) { s.page = &page{http.StatusBadGateway, "text/html", "<h1>Bad Gateway</h1>\n"} },
	"err-detail":      func(s *script) { s.page = detailPage() },
	"bad-json":        func(s *script) { s.page = &page{http.StatusOK, "application/json", `{"id":"chatcmpl-`} },
}

// scriptsWithArgument take what follows their name; the table is never changed.
var scriptsWithArgument = map[string]func(s *script, arg string) error{
	"chunks": func(s *script, arg string) error {
		s.content = countedWords
		return parseSize(arg, &s.size)
	},
	"huge-line": func(s *script, arg string) error {
		s.content = hugeLine
		return parseSize(arg, &s.size)
	},
	"slow-first-byte": func(s *script, arg string) (err error) {
		s.firstByte, err = time.ParseDuration(arg)
		return err
	},
	"slow-stream": func(s *script, arg string) (err error) {
		s.eventDelay, err = time.ParseDuration(arg)
		return err
	},
	"err": func(s *script, arg string) error {
		status, err := strconv.Atoi(arg)
		if err != nil || status < 400 || status > 599 {
			return fmt.Errorf("status %q is not from 400 to 599", arg)
		}
		s.refusal = statusRefusal(status)
		return nil
	},
}

// parseScript reads a script's name, with its prefix.
func parseScript(name string) (script, error) {
	s := soundScript
	rest, ok := strings.CutPrefix(name, scriptPrefix)
	if set, fixed := fixedScripts[rest]; ok && fixed {
		set(&s)
		return s, nil
	}
	if cut := strings.LastIndexByte(rest, '-'); ok && cut > 0 {
		if set, known := scriptsWithArgument[rest[:cut]]; known {
			if err := set(&s, rest[cut+1:]); err != nil {
				return script{}, fmt.Errorf("parse script %q: %w", name, err)
			}
			return s, nil
		}
	}
	return script{}, fmt.Errorf("unknown script %q", name)
}

// maxSize bounds what a script can ask for.
const maxSize = 1 << 26

func parseSize(arg string, size *int) error {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > maxSize {
		return fmt.Errorf("size %q is not from 1 to %d", arg, maxSize)
	}
	*size = n
	return nil
}

func quotaRefusal() *dialect.Error {
	return &dialect.Error{
		Status: http.StatusTooManyRequests, Type: "insufficient_quota", Code: "insufficient_quota",
		Message: "You exceeded your current quota, please check your plan and billing details.",
	}
}

func detailPage() *page {
	return &page{
		http.StatusUnprocessableEntity, "application/json",
		`{"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"}]}`,
	}
}

// statusRefusal is the usual error for a status.
func statusRefusal(status int) *dialect.Error {
	e := &dialect.Error{Status: status, Message: "Simulated failure with status " + strconv.Itoa(status) + "."}
	switch {
	case status == http.StatusUnauthorized:
		e.Type, e.Code = "invalid_request_error", "invalid_api_key"
	case status == http.StatusTooManyRequests:
		e.Type, e.Code, e.RetryAfter = "requests", "rate_limit_exceeded", time.Second
	case status == http.StatusServiceUnavailable:
		e.Type, e.RetryAfter = "service_unavailable_error", time.Second
	case status >= http.StatusInternalServerError:
		e.Type = "server_error"
	default:
		e.Type = "invalid_request_error"
	}
	return e
}

// scriptFor returns the script of a request for the model, and false for a script that does not exist.
func (s *Simulator) scriptFor(model string) (*script, bool) {
	if !strings.HasPrefix(model, scriptPrefix) {
		return s.script.Load(), true
	}
	sc, err := parseScript(model)
	return &sc, err == nil
}

// prelude carries out what a script has before or instead of an answer, and tells whether an answer is to follow.
func (x *exchange) prelude(sc *script) bool {
	if !x.wait(sc.firstByte) {
		return false
	}
	switch {
	case sc.hang:
		x.hang()
	case sc.reset:
		panic(http.ErrAbortHandler)
	case sc.refusal != nil:
		x.fail(sc.refusal)
	case sc.page != nil:
		x.reply(sc.page.status, sc.page.contentType, []byte(sc.page.body))
	default:
		return true
	}
	return false
}
