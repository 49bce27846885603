package dialect

import (
	"bytes"
	"encoding/json"
)

// Ending is what passes by of an answer that is not translated, and tells how it ended: whether a stream's answer was
// complete, whether the upstream itself told of an error, and how many tokens it says it has used. It looks for words
// and reads nothing else. The zero value is ready.
type Ending struct {
	// Done tells of the end mark, Finished of a reason to finish: either makes an answer complete.
	Done     bool
	Finished bool
	// Failed tells that the upstream itself has told of an error.
	Failed  bool
	Usage   Usage
	Counted bool
}

// endingWords are the words that a dialect ends its answers with. A quote within a JSON string is escaped, so that
// none of the names can be part of a text.
type endingWords struct {
	// finish is the member whose value, once it is a string, is the reason to finish.
	finish []byte
	// usage is the member that holds the usage, failure the one that holds an error, both objects.
	usage, failure []byte
	// done are the types of events that end a stream, quotes included.
	done [][]byte
	// mark is the data of the event that ends a stream, nil for none.
	mark []byte
}

// The words of the dialects; never changed.
var (
	chatWords = endingWords{
		finish: []byte(`"finish_reason"`), usage: []byte(`"usage"`), failure: []byte(`"error"`), mark: []byte(chatDone),
	}
	responsesWords = endingWords{
		finish: []byte(`"incomplete_details"`), usage: []byte(`"usage"`), failure: []byte(`"error"`),
		done: [][]byte{[]byte(`"response.completed"`), []byte(`"response.incomplete"`), []byte(`"response.failed"`)},
	}
	anthropicWords = endingWords{
		finish: []byte(`"stop_reason"`), usage: []byte(`"usage"`), failure: []byte(`"error"`),
		done: [][]byte{[]byte(`"message_stop"`)},
	}
	geminiWords = endingWords{
		finish: []byte(`"finishReason"`), usage: []byte(`"usageMetadata"`), failure: []byte(`"error"`),
	}
)

func wordsOf(n Name) *endingWords {
	switch n {
	case OpenAIResponses:
		return &responsesWords
	case Anthropic:
		return &anthropicWords
	case Gemini:
		return &geminiWords
	default:
		return &chatWords
	}
}

// Look looks at whole events.
func (e *Ending) Look(n Name, events []byte) {
	e.LookPart(n, events)
	words := wordsOf(n)
	if hasMember(events, words.usage, '{') { // "usage":null is in every chunk of many streams
		if u, ok := UsageFromEvent(n, events); ok {
			e.Usage, e.Counted = e.Usage.merge(u), true
		}
	}
	e.Done = e.Done || words.mark != nil && isData(events, words.mark)
	for _, word := range words.done {
		e.Done = e.Done || bytes.Contains(events, word)
	}
	if hasMember(events, words.failure, '{') { // "error":null is in every chunk of some streams
		e.Failed = true
	}
}

// LookPart looks at a part of an event.
func (e *Ending) LookPart(n Name, part []byte) {
	e.Finished = e.Finished || hasMember(part, wordsOf(n).finish, '"')
}

// LookWhole looks at a whole answer that is no stream.
func (e *Ending) LookWhole(n Name, body []byte) {
	if u, ok := UsageFromReply(n, body); ok {
		e.Usage, e.Counted = u, true
	}
}

// Complete tells whether the stream may end here: its answer is there, or the upstream has told of its error.
func (e *Ending) Complete() bool { return e.Done || e.Finished || e.Failed }

// merge takes what a later event tells over what an earlier one has told. Anthropic tells the input first and the
// output last; all others repeat everything.
func (u Usage) merge(later Usage) Usage {
	pick := func(a, b int64) int64 {
		if b != 0 {
			return b
		}
		return a
	}
	return Usage{
		Input: pick(u.Input, later.Input), Output: pick(u.Output, later.Output),
		CachedInput: pick(u.CachedInput, later.CachedInput), CacheWrite: pick(u.CacheWrite, later.CacheWrite),
		CacheWrite1h: pick(u.CacheWrite1h, later.CacheWrite1h), Reasoning: pick(u.Reasoning, later.Reasoning),
		InputAudio: pick(u.InputAudio, later.InputAudio), OutputAudio: pick(u.OutputAudio, later.OutputAudio),
		Searches: pick(u.Searches, later.Searches),
	}
}

// hasMember tells whether there is a member of that name, quotes included, whose value begins with that byte.
func hasMember(text, name []byte, begins byte) bool {
	for {
		i := bytes.Index(text, name)
		if i < 0 {
			return false
		}
		text = text[i+len(name):]
		value, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t"), []byte(":"))
		value = bytes.TrimLeft(value, " \t")
		if ok && len(value) > 0 && value[0] == begins {
			return true
		}
	}
}

// isData tells whether the data of an event begins with the word.
func isData(events, word []byte) bool {
	for at := 0; ; {
		i := bytes.Index(events[at:], word)
		if i < 0 {
			return false
		}
		before, ok := bytes.CutSuffix(bytes.TrimRight(events[:at+i], " "), dataField)
		if ok && (len(before) == 0 || before[len(before)-1] == '\n' || before[len(before)-1] == '\r') {
			return true
		}
		at += i + len(word)
	}
}

// Unbroken tells whether rest, which a stream ended with although no blank line closes it, is no torso: something to
// pass on rather than to drop. inEvent tells that the client has got the beginning of it already.
func Unbroken(n Name, rest []byte, inEvent bool) bool {
	if inEvent {
		return bytes.HasSuffix(bytes.TrimSpace(rest), []byte("}"))
	}
	data, ok := lastData(rest)
	mark := wordsOf(n).mark
	return !ok || mark != nil && bytes.Equal(data, mark) || json.Valid(data)
}

// lastData returns the data of the last line that is not blank, if it is a line of data.
func lastData(events []byte) ([]byte, bool) {
	events = bytes.TrimRight(events, "\r\n")
	line := events[bytes.LastIndexAny(events, "\r\n")+1:]
	data, ok := bytes.CutPrefix(line, dataField)
	return bytes.TrimSpace(data), ok
}
