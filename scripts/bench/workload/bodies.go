package workload

import (
	"fmt"
	"strings"
)

// Sizes of the bodies in bytes. Requests and answers have exactly the size they are named for, tools and events about.
const (
	SmallSize = 1 << 10
	LargeSize = 32 << 10
	toolsSize = 20 << 10
	eventSize = 200
)

// Done is the payload of the event that ends a stream.
const Done = "[DONE]"

// The pieces of text are escaped for JSON already. Quotes, newlines and multi-byte letters are there because real prompts
// have them, and because they are what makes scanning JSON cost something.
const prose = `Summarise the incident for the on-call engineer. The relay answered \"connection reset\" 14 times,\n` +
	`then recovered: p95 went from 18 ms to 240 ms and back. Name the first cause, not the loudest one; keep köln-2 and ` +
	`the other zones apart. Use a table with columns \"zone\", \"errors\" and \"minutes\".\n`

// RequestBody returns the JSON body of a chat completion request of this workload.
func (w Workload) RequestBody() []byte {
	size, tools := SmallSize, ""
	if w.Tools {
		size, tools = LargeSize, `,"tools":[`+toolList(toolsSize)+`],"tool_choice":"auto"`
	}
	head := `{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a careful assistant."},{"role":"user","content":"`
	tail := fmt.Sprintf(`"}]%s,"temperature":0.7,"stream":%t}`, tools, w.Stream)
	return []byte(head + text(size-len(head)-len(tail), 0) + tail)
}

// Answer returns the JSON body of the answer to a request without stream: a chat completion of SmallSize bytes.
func Answer() []byte {
	const head = `{"id":"chatcmpl-bench","object":"chat.completion","created":1764000000,"model":"gpt-4o-mini",` +
		`"choices":[{"index":0,"message":{"role":"assistant","content":"`
	const tail = `","refusal":null},"logprobs":null,"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":230,"completion_tokens":150,"total_tokens":380},"system_fingerprint":"fp_bench"}`
	return []byte(head + text(SmallSize-len(head)-len(tail), 0) + tail)
}

// Payloads returns the data of each event of a stream of n events, in order and without [DONE]. No two are equal, so that
// an event that is missing, repeated or out of order shows.
func Payloads(n int) [][]byte {
	payloads := make([][]byte, n)
	for i := range payloads {
		reason := "null"
		if i == n-1 {
			reason = `"stop"`
		}
		head := `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1764000000,"model":"gpt-4o-mini",` +
			fmt.Sprintf(`"choices":[{"index":0,"delta":{"content":"%03d `, i)
		tail := `"},"finish_reason":` + reason + `}]}`
		payloads[i] = []byte(head + text(eventSize-len("data: \n\n")-len(head)-len(tail), i) + tail)
	}
	return payloads
}

func toolList(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size-400; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"function","function":{"name":"lookup_zone_%02d","description":"%s","parameters":`+
			`{"type":"object","properties":{"zone":{"type":"string","description":"%s"},"limit":{"type":"integer","minimum":1,`+
			`"maximum":500},"states":{"type":"array","items":{"type":"string","enum":["open","closed","unknown"]}}},`+
			`"required":["zone"],"additionalProperties":false},"strict":true}}`, i, text(160, i), text(80, i+7))
	}
	return b.String()
}

// text returns n bytes of prose that starts at its word number skip. It never ends inside an escape or a letter.
func text(n, skip int) string {
	words := strings.SplitAfter(prose, " ")
	var b strings.Builder
	for i := skip; b.Len() < n; i++ {
		word := words[i%len(words)]
		if b.Len()+len(word) > n {
			word = strings.Repeat(".", n-b.Len())
		}
		b.WriteString(word)
	}
	return b.String()
}
