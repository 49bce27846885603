package dialect_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"aiproxy/providers/dialect"
)

// requestOf returns a chat request of about size bytes, most of it tools as coding agents declare them, with the
// model in front as the SDKs put it, and a conversation with code in it.
func requestOf(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"system","content":"You are terse."}`)
	for b.Len() < size/3 {
		b.WriteString(`,{"role":"user","content":"Please explain what this does:\n\tif err := run(\"a\", 'b'); err != nil {\n\t\treturn ` +
			`fmt.Errorf(\"run: %w\", err)\n\t}\nand whether it could be written in a shorter way, in plain words."}`)
	}
	b.WriteString(`]`)
	if size > 2<<10 {
		b.WriteString(`,"tools":[`)
		for i := 0; b.Len() < size-400; i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"type":"function","function":{"name":"tool_%d","description":"Reads a file from the local file `+
				`system. Results are returned with line numbers starting at 1.","parameters":{"type":"object","properties":`+
				`{"path":{"type":"string","description":"The absolute path of the file to read"},"limit":{"type":"integer",`+
				`"minimum":1}},"required":["path"],"additionalProperties":false},"strict":true}}`, i)
		}
		b.WriteByte(']')
	}
	b.WriteString(`,"temperature":0.2,"user":"u-1"}`)
	return []byte(b.String())
}

func BenchmarkPeek(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10, 512 << 10} {
		body := requestOf(size)
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dialect.Peek(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSplitter(b *testing.B) {
	event := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1750000000,"model":"gpt-4o-mini",` +
		`"choices":[{"index":0,"delta":{"content":"word "},"logprobs":null,"finish_reason":null}]}` + "\n\n"
	for name, piece := range map[string][]byte{
		"event":  []byte(event),
		"events": bytes.Repeat([]byte(event), 100),
		"crlf":   bytes.Repeat([]byte(strings.ReplaceAll(event, "\n", "\r\n")), 100),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(piece)))
			b.ReportAllocs()
			var s dialect.Splitter
			for b.Loop() {
				if s.Last(piece) != len(piece) {
					b.Fatal("event not found")
				}
			}
		})
	}
}

func BenchmarkUsageFromReply(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":` +
		`{"role":"assistant","content":"` + strings.Repeat("word ", 120) + `"},"finish_reason":"stop"}],"usage":{` +
		`"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":3,` +
		`"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0}}}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := dialect.UsageFromReply(dialect.OpenAIChat, body); !ok {
			b.Fatal("no usage")
		}
	}
}
