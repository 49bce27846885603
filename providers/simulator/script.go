package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// script says how a request is answered, whatever its protocol. The zero value answers soundly.
type script struct {
	// What comes instead of an answer.
	refusal *fault
	page    *page
	hang    bool
	reset   bool

	// What passes before it.
	firstByte time.Duration

	// What the answer is made of.
	content content
	size    int
	// thinks and redacts put a thought before it.
	thinks, redacts bool
	// stop is the reason that is told in place of the true one, if it is set.
	stop stop
	// arguments are the pieces of a call's arguments in place of those that fit its tool.
	arguments []string
	// cached tells that half of the prompt was read from a cache.
	cached bool
	// noMaxTokens refuses OpenAI's old name of the limit.
	noMaxTokens bool
	// signed demands a thought's signature back with the call that followed it.
	signed bool

	// How a stream looks on the wire.
	eventDelay    time.Duration
	lineEnd       string
	noSpace       bool
	comments      bool
	dribble       int
	usageAlways   bool
	noDone        bool
	repeatToolIDs bool
	halfway       halfway
	// badFrame spoils the checksum of a frame half way.
	badFrame bool
}

// page is a reply that is in no vendor's shape.
type page struct {
	status      int
	contentType string
	body        string
}

// content is what an answer is made of.
type content uint8

const (
	standard content = iota
	countedWords
	echo
	inspect
	tongues
	hugeLine
	structured
	declined
	blocked
	halfAnswer
	cited
	searched
	ran
	called
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
var soundScript script

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
