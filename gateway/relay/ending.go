package relay

import (
	"bytes"
	"encoding/json"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// ending is what passes by of a reply and tells how it ended: whether a stream's answer was complete, whether the
// upstream itself told of an error, and how many tokens it says it has used. The words are those of the OpenAI Chat
// dialect.
type ending struct {
	// done tells of the end mark, finished of a reason to finish: either makes an answer complete.
	done     bool
	finished bool
	// class is the fault that the upstream's own words tell of.
	class   providers.Class
	usage   dialect.Usage
	counted bool
}

// The words that are looked for; never changed. A quote within a JSON string is escaped, so that none of them can
// be part of a text.
var (
	wordFinish = []byte(`"finish_reason"`)
	wordUsage  = []byte(`"usage"`)
	wordError  = []byte(`"error"`)
	wordDone   = []byte("[DONE]")
	fieldData  = []byte("data:")
	colon      = []byte(":")
)

// look looks at whole events.
func (e *ending) look(d dialect.Name, events []byte) {
	e.lookPart(events)
	if hasMember(events, wordUsage, '{') { // "usage":null is in every chunk of many streams
		if u, ok := dialect.UsageFromEvent(d, events); ok {
			e.usage, e.counted = u, true
		}
	}
	if isData(events, wordDone) {
		e.done = true
	}
	if hasMember(events, wordError, '{') { // "error":null is in every chunk of some streams
		e.class = providers.ClassProvider
	}
}

// lookPart looks at a part of an event.
func (e *ending) lookPart(part []byte) {
	e.finished = e.finished || hasMember(part, wordFinish, '"')
}

// lookWhole looks at a whole reply that is no stream.
func (e *ending) lookWhole(d dialect.Name, body []byte) {
	if u, ok := dialect.UsageFromReply(d, body); ok {
		e.usage, e.counted = u, true
	}
}

// complete tells whether the stream may end here: its answer is there, or the upstream has told of its error.
func (e *ending) complete() bool { return e.done || e.finished || e.class != providers.ClassNone }

// hasMember tells whether there is a member of that name, quotes included, whose value begins with that byte.
func hasMember(text, name []byte, begins byte) bool {
	for {
		i := bytes.Index(text, name)
		if i < 0 {
			return false
		}
		text = text[i+len(name):]
		value, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t"), colon)
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
		before, ok := bytes.CutSuffix(bytes.TrimRight(events[:at+i], " "), fieldData)
		if ok && (len(before) == 0 || before[len(before)-1] == '\n' || before[len(before)-1] == '\r') {
			return true
		}
		at += i + len(word)
	}
}

// lastData returns the data of the last line that is not blank, if it is a line of data.
func lastData(events []byte) ([]byte, bool) {
	events = bytes.TrimRight(events, "\r\n")
	line := events[bytes.LastIndexAny(events, "\r\n")+1:]
	data, ok := bytes.CutPrefix(line, fieldData)
	return bytes.TrimSpace(data), ok
}

// unbroken tells whether rest, which a stream ended with although no blank line closes it, is no torso: something to
// pass on rather than to drop. inEvent tells that the client has got the beginning of it already.
func unbroken(rest []byte, inEvent bool) bool {
	if inEvent {
		return bytes.HasSuffix(bytes.TrimSpace(rest), []byte("}"))
	}
	data, ok := lastData(rest)
	return !ok || bytes.Equal(data, wordDone) || json.Valid(data)
}
