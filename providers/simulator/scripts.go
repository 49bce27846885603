package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// fixedScripts are the scripts without an argument, or with its default; the table is never changed.
var fixedScripts = map[string]func(*script){
	"echo":            func(s *script) { s.content = echo },
	"inspect":         func(s *script) { s.content = inspect },
	"unicode":         func(s *script) { s.content = tongues },
	"unicode-split":   func(s *script) { s.content, s.dribble = tongues, 1 },
	"huge-line":       func(s *script) { s.content, s.size = hugeLine, 4<<20 },
	"json":            func(s *script) { s.content = structured },
	"refusal":         func(s *script) { s.content = declined },
	"blocked":         func(s *script) { s.content = blocked },
	"max-tokens":      func(s *script) { s.content = halfAnswer },
	"pause":           func(s *script) { s.content, s.stop = searched, paused },
	"cite":            func(s *script) { s.content = cited },
	"search":          func(s *script) { s.content = searched },
	"code":            func(s *script) { s.content = ran },
	"cached":          func(s *script) { s.cached = true },
	"think":           func(s *script) { s.thinks = true },
	"reasoning":       func(s *script) { s.thinks = true },
	"reasoner":        func(s *script) { s.thinks, s.noMaxTokens = true, true },
	"think-redacted":  func(s *script) { s.redacts = true },
	"think-tools":     func(s *script) { s.content, s.size, s.thinks, s.signed = called, 2, true, true },
	"tool-call":       func(s *script) { s.content = called },
	"tools-parallel":  func(s *script) { s.content, s.size = called, 2 },
	"parallel-tools":  func(s *script) { s.content, s.size = called, 2 },
	"repeat-tool-id":  func(s *script) { s.content, s.repeatToolIDs = called, true },
	"tool-empty":      func(s *script) { s.content, s.arguments = called, []string{} },
	"tool-unicode":    func(s *script) { s.content, s.arguments = called, tromso },
	"tool-max-tokens": func(s *script) { s.content, s.arguments, s.stop = called, oslo[:2], reachedLimit },
	"tool-malformed":  func(s *script) { s.content, s.arguments, s.stop = called, oslo[:1], malformedCall },
	"slow-first-byte": func(s *script) { s.firstByte = time.Second },
	"slow-stream":     func(s *script) { s.eventDelay = 100 * time.Millisecond },
	"hang":            func(s *script) { s.hang = true },
	"hang-midstream":  func(s *script) { s.halfway = silence },
	"crlf":            func(s *script) { s.lineEnd = "\r\n" },
	"cr":              func(s *script) { s.lineEnd = "\r" },
	"no-space":        func(s *script) { s.noSpace = true },
	"comments":        func(s *script) { s.comments = true },
	"dribble":         func(s *script) { s.dribble = 7 },
	"usage-always":    func(s *script) { s.usageAlways = true },
	"no-done":         func(s *script) { s.noDone = true },
	"early-end":       func(s *script) { s.halfway = earlyEnd },
	"truncate":        func(s *script) { s.halfway = brokenConnection },
	"midstream-error": func(s *script) { s.halfway = errorEvent },
	"bad-frame":       func(s *script) { s.badFrame = true },
	"reset":           func(s *script) { s.reset = true },
	"quota":           func(s *script) { s.refusal = &fault{status: http.StatusTooManyRequests, cause: noQuota} },
	"too-long":        func(s *script) { s.refusal = &fault{status: http.StatusBadRequest, cause: tooLong} },
	"filtered":        func(s *script) { s.refusal = &fault{status: http.StatusBadRequest, cause: filtered} },
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
	"rate": func(s *script, arg string) error {
		after, err := time.ParseDuration(arg)
		s.refusal = &fault{status: http.StatusTooManyRequests, retryAfter: after}
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

func detailPage() *page {
	return &page{
		http.StatusUnprocessableEntity, "application/json",
		`{"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"}]}`,
	}
}

// statusRefusal is the usual fault for a status.
func statusRefusal(status int) *fault {
	f := &fault{status: status}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		f.retryAfter = time.Second
	}
	return f
}
