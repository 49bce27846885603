package simulator

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// chatRequest is what matters of a Chat Completions request; members that are not looked at further are JSON text.
type chatRequest struct {
	Model             string `json:"-"`
	RawModel          raw    `json:"model"`
	Stream            raw    `json:"stream"`
	StreamOptions     raw    `json:"stream_options"`
	Messages          raw    `json:"messages"`
	Tools             raw    `json:"tools"`
	ToolChoice        raw    `json:"tool_choice"`
	ParallelToolCalls raw    `json:"parallel_tool_calls"`
	MaxTokens         raw    `json:"max_tokens"`
	MaxCompletion     raw    `json:"max_completion_tokens"`
	N                 raw    `json:"n"`
	Stop              raw    `json:"stop"`
	ResponseFormat    raw    `json:"response_format"`
	WebSearch         raw    `json:"web_search_options"`
	EnableThinking    bool   `json:"enable_thinking"`
	EnableSearch      bool   `json:"enable_search"`
	EnableCode        bool   `json:"enable_code_interpreter"`

	body         []byte
	streamed     bool
	includeUsage bool
	choices      int
}

// chat answers POST /chat/completions.
func (x *exchange) chat() {
	req, f := parseChat(x.body)
	if f != nil {
		x.fail(f)
		return
	}
	sc, ok := x.sim.scriptFor(req.Model)
	if !ok {
		x.noSuchModel(req.Model)
		return
	}
	f = req.check(sc)
	if _, ok := x.vendor.(qwen); ok && f == nil {
		f = req.checkQwen()
	}
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	x.answerChat(req, sc, x.sim.compose(req.ask(), sc))
}

func (x *exchange) answerChat(req *chatRequest, sc *script, a *answer) {
	if a.stop == blockedPrompt {
		x.fail(&fault{status: 400, cause: filtered})
		return
	}
	c := &chatWriter{x: x, req: req, sc: sc, answer: a}
	_, c.qwen = x.vendor.(qwen)
	if req.streamed {
		c.stream()
		return
	}
	x.deliver(sc, c.whole())
}

// parseChat reads the request's members without decoding the conversation: plain answers do not depend on it.
func parseChat(body []byte) (*chatRequest, *fault) {
	req := &chatRequest{choices: 1, body: body}
	if json.Unmarshal(body, req) != nil {
		return nil, badRequest("We could not parse the JSON body of your request.")
	}
	_ = json.Unmarshal(req.RawModel, &req.Model) // what is no string is as good as missing
	req.streamed = string(req.Stream) == "true"
	if n, err := strconv.Atoi(string(req.N)); err == nil {
		req.choices = n
	}
	if isSet(req.StreamOptions) {
		var options struct {
			IncludeUsage bool `json:"include_usage"`
		}
		if json.Unmarshal(req.StreamOptions, &options) != nil {
			return nil, badParam("stream_options", "invalid_type", "Invalid type for 'stream_options'.")
		}
		req.includeUsage = options.IncludeUsage
	}
	return req, nil
}

// ask tells the engine what it must know.
func (req *chatRequest) ask() *ask {
	q := &ask{model: req.Model, tools: req.functions(), limit: -1, prompt: req.promptTokens(), conversation: req.read}
	q.mustCall = string(req.ToolChoice) == `"required"` || bytes.HasPrefix(req.ToolChoice, []byte("{"))
	for _, limit := range []raw{req.MaxCompletion, req.MaxTokens} {
		if n, err := strconv.Atoi(string(limit)); err == nil && q.limit < 0 {
			q.limit = n
		}
	}
	var stop string
	if json.Unmarshal(req.Stop, &stop) == nil && stop != "" {
		q.stops = []string{stop}
	} else {
		_ = json.Unmarshal(req.Stop, &q.stops) // it was a string, or there is none
	}
	var format struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema raw `json:"schema"`
		} `json:"json_schema"`
	}
	_ = json.Unmarshal(req.ResponseFormat, &format) // none is plain text
	q.json = format.Type == "json_schema" || format.Type == "json_object"
	q.schema = format.JSONSchema.Schema
	q.search, q.code, q.thinks = isSet(req.WebSearch) || req.EnableSearch, req.EnableCode, req.EnableThinking
	return q
}

// functions are the tools, with the one that must be called first.
func (req *chatRequest) functions() []tool {
	if !isSet(req.Tools) {
		return nil
	}
	var declared []struct {
		Function struct {
			Name       string `json:"name"`
			Parameters raw    `json:"parameters"`
		} `json:"function"`
	}
	var choice struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	_ = json.Unmarshal(req.Tools, &declared)    // what cannot be read is not called
	_ = json.Unmarshal(req.ToolChoice, &choice) // a word names no function
	var tools []tool
	for _, d := range declared {
		if d.Function.Name != "" {
			tools = append(tools, tool{d.Function.Name, d.Function.Parameters})
		}
	}
	return putFirst(tools, choice.Function.Name)
}

// putFirst moves the tool of that name to the front.
func putFirst(tools []tool, name string) []tool {
	for i := range tools {
		if tools[i].name == name {
			tools[0], tools[i] = tools[i], tools[0]
		}
	}
	return tools
}

func (req *chatRequest) promptTokens() int { return (len(req.Messages) + 3) / 4 }

// appendHead appends the members that all chunks of an answer, or the whole one, begin with.
func (x *exchange) appendHead(dst []byte, req *chatRequest, kind string) []byte {
	dst = append(dst, `{"id":`...)
	dst = append(dst, quote(x.id("chatcmpl-"))...)
	dst = append(dst, `,"object":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","created":`...)
	dst = strconv.AppendInt(dst, time.Now().Unix(), 10)
	dst = append(dst, `,"model":`...)
	dst = append(dst, quote(req.Model)...)
	return append(dst, `,"service_tier":"default","system_fingerprint":"fp_simulator","choices":[`...)
}

// appendUsage appends the usage object of an answer of which output tokens have been sent in each choice.
func (c *chatWriter) appendUsage(dst []byte, output, reasoning int) []byte {
	prompt, cached := c.req.promptTokens(), 0
	if c.sc.cached {
		cached = prompt / 2
	}
	completion := output * c.req.choices
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(prompt), 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, int64(completion), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(prompt+completion), 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, int64(cached), 10)
	dst = append(dst, `,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, int64(reasoning*c.req.choices), 10)
	return append(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}
