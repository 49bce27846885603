package simulator

import "strings"

// answer is what the assistant says, whatever the protocol: the engine makes it, and each protocol writes it. It never
// changes.
type answer struct {
	blocks []block
	stop   stop
	// stopText is the sequence that ended the answer, with stopSequence.
	stopText string
}

// block is one part of an answer.
type block struct {
	kind kind
	// pieces join to the text, the thought or the JSON text of a call's arguments, one an event and a token each.
	pieces []string
	// name is the tool's that is called, or the query of a search.
	name string
	// citations are what a text rests on.
	citations []citation
}

// kind is what a block holds.
type kind uint8

const (
	text kind = iota
	thought
	// redactedThought is a thought that only its vendor can read.
	redactedThought
	call
	// refusal is the text with which the assistant declines.
	refusal
	// search is a web search that the upstream itself carried out.
	search
	// execution is code that the upstream itself ran.
	execution
)

// stop is why an answer ended.
type stop uint8

const (
	endOfTurn stop = iota
	calledTools
	reachedLimit
	stopSequence
	refused
	// paused is a long turn that is to be continued.
	paused
	// malformedCall is a call that the model did not get right.
	malformedCall
	// blockedPrompt is a request that no model was asked about.
	blockedPrompt
)

// citation is a source of a text's bytes from start to end.
type citation struct {
	url, title, quote string
	start, end        int
}

// whole joins the pieces.
func (b *block) whole() string {
	if len(b.pieces) == 1 {
		return b.pieces[0]
	}
	return strings.Join(b.pieces, "")
}

// tokens counts an answer's tokens, thoughts included, and those of its thoughts.
func (a *answer) tokens() (all, thoughts int) {
	for i := range a.blocks {
		n := len(a.blocks[i].pieces)
		all += n
		if k := a.blocks[i].kind; k == thought || k == redactedThought {
			thoughts += n
		}
	}
	return all, thoughts
}

// source is the page that the simulator's searches find; never changed.
var source = citation{url: "https://example.com/simulated", title: "Simulated page", quote: "made up by a simulated upstream"}

// executed and printed are the code that the simulator's executions run, and its output.
const (
	executed = "print(6 * 7)"
	printed  = "42\n"
)

// words make up a plain answer; never changed.
var words = [...]string{
	"Every ", "word ", "of ", "this ", "answer ", "is ", "made ", "up ", "by ", "a ", "simulated ", "upstream, ",
	"in ", "the ", "same ", "order ", "each ", "time. ",
}

// manyTongues is text in several scripts, with characters that JSON writers escape; never changed.
var manyTongues = []string{"Grüße, ", "Welt! ", "世界", "へ、", "Привет! ", "👩‍👩‍👧 ", "é\u2028", "<&>"}

// someThoughts precede an answer; never changed.
var someThoughts = []string{"The user ", "wants ", "words. "}

// plainWords are n words.
func plainWords(n int) []string {
	pieces := make([]string, n)
	for i := range pieces {
		pieces[i] = words[i%len(words)]
	}
	return pieces
}

// say is the answer of one text.
func say(pieces ...string) *answer {
	return &answer{blocks: []block{{kind: text, pieces: pieces}}}
}

// think puts a thought before the answer.
func think(before kind, a *answer) *answer {
	blocks := append([]block{{kind: before, pieces: someThoughts}}, a.blocks...)
	return &answer{blocks: blocks, stop: a.stop, stopText: a.stopText}
}

// cite says a text that rests on a page.
func cite() block {
	whole := strings.Join(words[:], "")
	at := source
	at.start = strings.Index(whole, at.quote[:4])
	at.end = at.start + len("made up by a simulated upstream")
	return block{kind: text, pieces: words[:], citations: []citation{at}}
}
