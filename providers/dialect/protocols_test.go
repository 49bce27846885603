package dialect_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"aiproxy/providers/dialect"
)

var updateProtocols = flag.Bool("update-protocols", false, "write docs/protocols.md anew")

// clientSamples are requests that are small but for one thing that the client asks for.
type clientSamples struct {
	client dialect.Name
	title  string
	// begin is how a request without its closing brace begins; each sample has more members.
	begin   string
	samples []clientSample
}

type clientSample struct{ name, members string }

func allClientSamples() []clientSamples {
	const schema = `{"type":"object","properties":{"a":{"type":"string"}}}`
	return []clientSamples{
		{dialect.OpenAIChat, "OpenAI Chat Completions", `{"messages":[{"role":"user","content":"x"}]`, []clientSample{
			{"tools", `"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `}}]`},
			{"tool_choice: required", `"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `}}],"tool_choice":"required"`},
			{"parallel_tool_calls: false", `"tools":[{"type":"function","function":{"name":"f","parameters":` + schema + `}}],"parallel_tool_calls":false`},
			{"response_format: json_schema", `"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":` + schema + `}}`},
			{"reasoning_effort", `"reasoning_effort":"low"`},
			{"verbosity", `"verbosity":"low"`},
			{"max_completion_tokens", `"max_completion_tokens":9`},
			{"temperature", `"temperature":0.5`},
			{"top_p", `"top_p":0.5`},
			{"frequency_penalty", `"frequency_penalty":0.5`},
			{"presence_penalty", `"presence_penalty":0.5`},
			{"seed", `"seed":1`},
			{"stop", `"stop":["END"]`},
			{"n: 2", `"n":2`},
			{"logprobs", `"logprobs":true,"top_logprobs":2`},
			{"logit_bias", `"logit_bias":{"1":2}`},
			{"service_tier", `"service_tier":"flex"`},
			{"metadata", `"metadata":{"a":"b"}`},
			{"user", `"user":"u"`},
			{"prompt_cache_key", `"prompt_cache_key":"k"`},
			{"store", `"store":true`},
			{"audio output", `"modalities":["text","audio"],"audio":{"voice":"v","format":"wav"}`},
		}},
		{dialect.OpenAIResponses, "OpenAI Responses", `{"input":"x"`, []clientSample{
			{"tools: function", `"tools":[{"type":"function","name":"f","parameters":` + schema + `,"strict":false}]`},
			{"tools: custom", `"tools":[{"type":"custom","name":"f"}]`},
			{"tools: web_search", `"tools":[{"type":"web_search"}]`},
			{"tools: code_interpreter", `"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]`},
			{"text.format: json_schema", `"text":{"format":{"type":"json_schema","name":"n","schema":` + schema + `}}`},
			{"text.verbosity", `"text":{"verbosity":"low"}`},
			{"reasoning.effort", `"reasoning":{"effort":"low"}`},
			{"include: encrypted reasoning", `"include":["reasoning.encrypted_content"]`},
			{"instructions", `"instructions":"y"`},
			{"max_output_tokens", `"max_output_tokens":99`},
			{"temperature", `"temperature":0.5`},
			{"service_tier", `"service_tier":"flex"`},
			{"metadata", `"metadata":{"a":"b"}`},
			{"prompt_cache_key", `"prompt_cache_key":"k"`},
			{"store: false", `"store":false`},
			{"previous_response_id", `"previous_response_id":"r"`},
			{"background", `"background":true`},
		}},
		{dialect.Anthropic, "Anthropic Messages", `{"max_tokens":9,"messages":[{"role":"user","content":"x"}]`, []clientSample{
			{"system", `"system":"y"`},
			{"cache_control", `"system":[{"type":"text","text":"y","cache_control":{"type":"ephemeral"}}]`},
			{"tools", `"tools":[{"name":"f","input_schema":` + schema + `}]`},
			{"tools: web_search", `"tools":[{"type":"web_search_20250305","name":"web_search"}]`},
			{"tool_choice: any", `"tools":[{"name":"f","input_schema":` + schema + `}],"tool_choice":{"type":"any"}`},
			{"thinking", `"thinking":{"type":"adaptive"}`},
			{"output_config.effort", `"output_config":{"effort":"low"}`},
			{"output_config.format", `"output_config":{"format":{"type":"json_schema","schema":` + schema + `}}`},
			{"stop_sequences", `"stop_sequences":["END"]`},
			{"temperature", `"temperature":0.5`},
			{"top_p", `"top_p":0.5`},
			{"top_k", `"top_k":5`},
			{"metadata.user_id", `"metadata":{"user_id":"u"}`},
			{"service_tier", `"service_tier":"auto"`},
			{"container", `"container":"c"`},
		}},
		{dialect.Gemini, "Gemini generateContent", `{"contents":[{"role":"user","parts":[{"text":"x"}]}]`, []clientSample{
			{"systemInstruction", `"systemInstruction":{"parts":[{"text":"y"}]}`},
			{"functionDeclarations", `"tools":[{"functionDeclarations":[{"name":"f","parameters":` + schema + `}]}]`},
			{"functionCallingConfig: ANY", `"tools":[{"functionDeclarations":[{"name":"f","parameters":` + schema + `}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`},
			{"googleSearch", `"tools":[{"googleSearch":{}}]`},
			{"codeExecution", `"tools":[{"codeExecution":{}}]`},
			{"responseJsonSchema", `"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":` + schema + `}`},
			{"thinkingConfig", `"generationConfig":{"thinkingConfig":{"thinkingBudget":1024}}`},
			{"maxOutputTokens", `"generationConfig":{"maxOutputTokens":9}`},
			{"temperature", `"generationConfig":{"temperature":0.5}`},
			{"topK", `"generationConfig":{"topK":5}`},
			{"seed", `"generationConfig":{"seed":1}`},
			{"stopSequences", `"generationConfig":{"stopSequences":["END"]}`},
			{"candidateCount: 2", `"generationConfig":{"candidateCount":2}`},
			{"responseLogprobs", `"generationConfig":{"responseLogprobs":true}`},
			{"safetySettings", `"safetySettings":[{"category":"c","threshold":"BLOCK_NONE"}]`},
			{"cachedContent", `"cachedContent":"cachedContents/x"`},
		}},
	}
}

// protocolTargets are upstreams with the abilities that the providers give them.
func protocolTargets() []struct {
	title  string
	target dialect.Target
} {
	search, code, url := dialect.ServerWebSearch, dialect.ServerCodeInterpreter, dialect.ServerURLContext
	return []struct {
		title  string
		target dialect.Target
	}{
		{"OpenAI Chat", dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorOpenAI, Model: "m"}},
		{"OpenAI Responses", dialect.Target{Dialect: dialect.OpenAIResponses, Vendor: dialect.VendorOpenAI, Model: "m"}},
		{"Anthropic", dialect.Target{Dialect: dialect.Anthropic, Vendor: dialect.VendorAnthropic, Model: "m", ServerTools: []dialect.ServerTool{search, code, url}}},
		{"Gemini", dialect.Target{Dialect: dialect.Gemini, Vendor: dialect.VendorGoogle, Model: "m", ServerTools: []dialect.ServerTool{search, code, url}}},
		{"Kiro", dialect.Target{Dialect: dialect.Kiro, Vendor: dialect.VendorKiro, Model: "m"}},
		{"Qwen", dialect.Target{Dialect: dialect.OpenAIChat, Vendor: dialect.VendorQwen, Model: "m", OldMaxTokens: true, ServerTools: []dialect.ServerTool{search, code}}},
	}
}

// fate is what becomes of a sample at an upstream.
func fate(t *testing.T, c *clientSamples, s clientSample, to dialect.Target) string {
	t.Helper()
	if to.Dialect == c.client {
		return "passes"
	}
	client, ok := dialect.Lookup(c.client)
	upstream, into := dialect.LookupUpstream(to.Dialect)
	if !ok || !into {
		t.Fatalf("no codec for %s to %s", c.client, to.Dialect)
	}
	report := dialect.Report{Client: client}
	request, err := client.DecodeRequest([]byte(c.begin+","+s.members+"}"), &report)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	request.Model = "m"
	upstream.EncodeRequest(nil, &dialect.Exchange{ID: "req_1", Request: request, Target: to}, &report)
	// What is not the sample's own, such as the bound on tokens that every request to Anthropic has, is another line.
	own := strings.NewReplacer("\"", " ", ":", " ", "{", " ", "[", " ").Replace(s.members)
	dropped := slices.DeleteFunc(report.Dropped, func(name string) bool {
		last := name[strings.LastIndexByte(name, '.')+1:]
		return !strings.Contains(own, last) && !strings.Contains(s.name, last)
	})
	switch {
	case len(report.Refused) > 0:
		return "refused"
	case len(dropped) > 0:
		return "dropped"
	default:
		return "carried"
	}
}

const protocolsHead = `# What each client gets from each upstream

Written by a test (` + "`go test ./providers/dialect -run Protocols -update-protocols`" + `) that translates a request for each line; do not edit.

- **passes**: client and upstream speak the same protocol, and bytes are not touched.
- **carried**: said in the upstream's protocol.
- **dropped**: it only tunes the answer; left out, and listed in ` + "`X-Aiproxy-Dropped`" + `. With ` + "`translation: strict`" + ` it is refused.
- **refused**: the answer would mean something else without it: a 400 that names the field, unless another instance can do it.

Text, images, calls of tools and their results, thinking and usage are carried between all of them; the golden cases in
providers/dialect/testdata hold each pair to that.
`

func TestProtocols(t *testing.T) {
	t.Parallel()
	const path = "../../docs/protocols.md"
	var b strings.Builder
	b.WriteString(protocolsHead)
	for _, c := range allClientSamples() {
		b.WriteString("\n## Clients of " + c.title + "\n\n| asked for |")
		for _, to := range protocolTargets() {
			b.WriteString(" " + to.title + " |")
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(protocolTargets())) + "\n")
		for _, s := range c.samples {
			b.WriteString("| `" + s.name + "` |")
			for _, to := range protocolTargets() {
				b.WriteString(" " + fate(t, &c, s, to.target) + " |")
			}
			b.WriteString("\n")
		}
	}
	if *updateProtocols {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // Documentation is for everybody.
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/protocols.md is out of date (%v): run go test ./providers/dialect -run Protocols -update-protocols", err)
	}
}
