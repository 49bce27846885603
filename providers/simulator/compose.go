package simulator

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// ask is what the engine must know of a request, whatever its protocol.
type ask struct {
	model string
	// tools may be called; mustCall tells that one must be, the first.
	tools    []tool
	mustCall bool
	// limit is the greatest number of tokens of the answer, -1 for none.
	limit int
	stops []string
	// json tells that the answer must be JSON, of the schema if there is one.
	json   bool
	schema json.RawMessage
	// thinks tells that the client wants a thought.
	thinks bool
	// search and code are the upstream's own tools that the client allows.
	search, code bool
	// prompt is the number of tokens of the request.
	prompt int
	// conversation is what was said before; it is read only if the answer depends on it.
	conversation func() conversation
}

// conversation is what an answer can depend on.
type conversation struct {
	// lastUser is the text of the last message of the user.
	lastUser string
	// answered tells that the last message is a tool's result.
	answered bool
	// parts tell what there was, one a part: "user text 5", "user image/png 68", "tool result 4".
	parts []string
}

// tool is a function of the client's.
type tool struct {
	name   string
	schema json.RawMessage
}

// compose makes the answer to a request.
func (s *Simulator) compose(q *ask, sc *script) *answer {
	a := s.draft(q, sc)
	if sc.redacts {
		a = think(redactedThought, a)
	}
	if sc.thinks || q.thinks && sc.content == standard {
		a = think(thought, a)
	}
	if sc.stop != endOfTurn {
		b := *a
		b.stop = sc.stop
		a = &b
	}
	return a
}

// draft makes the answer without the thoughts before it.
func (s *Simulator) draft(q *ask, sc *script) *answer {
	switch sc.content {
	case echo:
		return say(strings.SplitAfter(q.conversation().lastUser, " ")...)
	case inspect:
		return say(strings.SplitAfter(strings.Join(q.conversation().parts, "\n"), "\n")...)
	case tongues:
		return say(manyTongues...)
	case countedWords:
		return say(plainWords(sc.size)...)
	case hugeLine:
		return say("A ", strings.Repeat("x", sc.size), " end.")
	case structured:
		return say(split(example(q.schema))...)
	case declined:
		return &answer{stop: refused, blocks: []block{{kind: refusal, pieces: []string{"I ", "can't ", "help ", "with ", "that."}}}}
	case blocked:
		return &answer{stop: blockedPrompt}
	case halfAnswer:
		return &answer{stop: reachedLimit, blocks: []block{{kind: text, pieces: words[:len(words)/2]}}}
	case cited:
		return &answer{blocks: []block{cite()}}
	case searched:
		return &answer{blocks: []block{{kind: search, name: "simulated upstream"}, cite()}}
	case ran:
		return ranCode()
	case called:
		return s.callTools(q, sc)
	default:
		return s.sayWords(q)
	}
}

// sayWords gives the plain answer, or what the request demands in its place.
func (s *Simulator) sayWords(q *ask) *answer {
	switch {
	case q.mustCall && len(q.tools) > 0 && !q.conversation().answered:
		return callAll(q.tools[:1], 1, nil)
	case q.json:
		return say(split(example(q.schema))...)
	case q.search:
		return &answer{blocks: []block{{kind: search, name: "simulated upstream"}, cite()}}
	case q.code:
		return ranCode()
	case len(q.stops) > 0:
		return s.untilStop(q.stops)
	case q.limit >= 0 && q.limit < len(s.plain.blocks[0].pieces):
		return &answer{stop: reachedLimit, blocks: []block{{kind: text, pieces: plainWords(q.limit)}}}
	default:
		return s.plain
	}
}

func ranCode() *answer {
	return &answer{blocks: []block{{kind: execution}, {kind: text, pieces: []string{"It ", "is ", "42."}}}}
}

// untilStop is the plain answer as far as the first of the sequences.
func (s *Simulator) untilStop(stops []string) *answer {
	whole := s.plain.blocks[0].whole()
	end, found := len(whole), ""
	for _, sequence := range stops {
		if i := strings.Index(whole, sequence); sequence != "" && i >= 0 && i < end {
			end, found = i, sequence
		}
	}
	if found == "" {
		return s.plain
	}
	a := say(strings.SplitAfter(whole[:end], " ")...)
	a.stop, a.stopText = stopSequence, found
	return a
}

// oslo are the pieces of the arguments of a call whose tool does not say what it takes; never changed.
var oslo = []string{`{"city"`, `:"Os`, `lo"}`}

// tromso is split within its escapes; never changed.
var tromso = []string{`{"city":"Troms\u`, `00f`, `8 \`, `"N\`, `\\ud83d`, `\ude00"}`}

// callTools calls the request's tools, unless their results are there already.
func (s *Simulator) callTools(q *ask, sc *script) *answer {
	if q.conversation().answered {
		return s.plain
	}
	tools := q.tools
	if len(tools) == 0 {
		tools = []tool{{name: "lookup"}}
	}
	return callAll(tools, max(sc.size, 1), sc.arguments)
}

// callAll calls the tools in turn, n times in all, with the given arguments or such as their schemas ask for.
func callAll(tools []tool, n int, arguments []string) *answer {
	a := &answer{stop: calledTools}
	for i := range n {
		t := tools[i%len(tools)]
		pieces := arguments
		if pieces == nil {
			pieces = t.arguments()
		}
		a.blocks = append(a.blocks, block{kind: call, name: t.name, pieces: pieces})
	}
	return a
}

// arguments fit the tool's schema.
func (t *tool) arguments() []string {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	_ = json.Unmarshal(t.schema, &schema) // a tool without a schema takes anything
	if _, ok := schema.Properties["city"]; ok || len(schema.Properties) == 0 {
		return oslo
	}
	return split(example(t.schema))
}

// split cuts a text into pieces of a few bytes, between its characters.
func split(s string) []string {
	const size = 6
	var pieces []string
	for len(s) > size {
		cut := size
		for !utf8.RuneStart(s[cut]) {
			cut++
			if cut == len(s) {
				return append(pieces, s)
			}
		}
		pieces = append(pieces, s[:cut])
		s = s[cut:]
	}
	return append(pieces, s)
}
