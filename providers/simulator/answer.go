package simulator

import (
	"encoding/json"
	"strconv"
	"strings"
)

// answer is what the assistant says, ready to be sent whole or in pieces. It never changes.
type answer struct {
	// deltas are the JSON objects of a stream's pieces; the first gives the role.
	deltas []string
	// message is the JSON object of a whole answer.
	message string
	finish  string
	// output and reasoning are numbers of tokens, the latter included in the former.
	output, reasoning int
}

const roleDelta = `{"role":"assistant","content":""}`

// words make up a plain answer; never changed.
var words = [...]string{
	"Every ", "word ", "of ", "this ", "answer ", "is ", "made ", "up ", "by ", "a ", "simulated ", "upstream, ",
	"in ", "the ", "same ", "order ", "each ", "time. ",
}

// wordsAnswer says n words.
func wordsAnswer(n int) *answer {
	pieces := make([]string, n)
	for i := range pieces {
		pieces[i] = words[i%len(words)]
	}
	return textAnswer(pieces)
}

// textAnswer says pieces, one a delta and a token.
func textAnswer(pieces []string) *answer {
	a := &answer{finish: "stop", output: len(pieces)}
	a.deltas = append(make([]string, 0, len(pieces)+1), roleDelta)
	for _, piece := range pieces {
		a.deltas = append(a.deltas, `{"content":`+quote(piece)+`}`)
	}
	a.message = `{"role":"assistant","content":` + quote(strings.Join(pieces, "")) + `,"refusal":null,"annotations":[]}`
	return a
}

// reasoningAnswer thinks before it says pieces.
func reasoningAnswer(thoughts, pieces []string) *answer {
	text := textAnswer(pieces)
	a := &answer{finish: "stop", output: len(thoughts) + len(pieces), reasoning: len(thoughts)}
	a.deltas = append(a.deltas, `{"role":"assistant","content":null,"reasoning_content":""}`)
	for _, thought := range thoughts {
		a.deltas = append(a.deltas, `{"content":null,"reasoning_content":`+quote(thought)+`}`)
	}
	a.deltas = append(a.deltas, text.deltas[1:]...)
	a.message = `{"reasoning_content":` + quote(strings.Join(thoughts, "")) + `,` + text.message[1:]
	return a
}

// argumentPieces join to the JSON text of a tool call's arguments; never changed.
var argumentPieces = [...]string{`{"city"`, `:"Os`, `lo"}`}

// toolAnswer calls the tool, once for each id, one call after the other.
func toolAnswer(tool string, ids []string, repeatIDs bool) *answer {
	a := &answer{finish: "tool_calls", deltas: []string{`{"role":"assistant","content":null}`}}
	var calls []string
	for i, id := range ids {
		index := `{"index":` + strconv.Itoa(i)
		idField := `,"id":` + quote(id) + `,"type":"function"`
		a.deltas = append(a.deltas, toolDelta(index+idField+`,"function":{"name":`+quote(tool)+`,"arguments":""}}`))
		if !repeatIDs {
			idField = ""
		}
		for _, piece := range argumentPieces {
			a.deltas = append(a.deltas, toolDelta(index+idField+`,"function":{"arguments":`+quote(piece)+`}}`))
			a.output++
		}
		calls = append(calls, `{"id":`+quote(id)+`,"type":"function","function":{"name":`+quote(tool)+
			`,"arguments":`+quote(strings.Join(argumentPieces[:], ""))+`}}`)
	}
	a.message = `{"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[` +
		strings.Join(calls, ",") + `]}`
	return a
}

func toolDelta(call string) string { return `{"tool_calls":[` + call + `]}` }

// quote returns s as a JSON string.
func quote(s string) string {
	quoted, _ := json.Marshal(s) // a string can always be encoded
	return string(quoted)
}
