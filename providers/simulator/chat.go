package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiproxy/providers/dialect"
)

// chatRequest is what matters of a request; members that are not looked at further are their JSON text.
type chatRequest struct {
	model         string
	stream        bool
	streamOptions []byte
	includeUsage  bool
	messages      []byte
	tools         []byte
	toolChoice    []byte
	maxTokens     []byte
	maxCompletion []byte
	choices       int
}

// chat answers POST /chat/completions.
func (x *exchange) chat() {
	req, fault := parseChat(x.body)
	if fault != nil {
		x.fail(fault)
		return
	}
	sc, ok := x.sim.scriptFor(req.model)
	if !ok {
		x.noSuchModel(req.model)
		return
	}
	if fault := req.check(sc); fault != nil {
		x.fail(fault)
		return
	}
	if !x.prelude(sc) {
		return
	}
	a := x.compose(req, sc)
	if req.stream {
		x.streamChat(req, sc, a)
		return
	}
	x.wholeChat(req, sc, a)
}

// parseChat reads the request's members without decoding the conversation: plain answers do not depend on it.
func parseChat(body []byte) (*chatRequest, *dialect.Error) {
	req := &chatRequest{choices: 1}
	var choices, stream []byte
	err := dialect.Members(body, func(name, value []byte) bool {
		switch string(name) {
		case "model":
			_ = json.Unmarshal(value, &req.model) // what is no string is as good as missing
		case "stream":
			stream = value
		case "stream_options":
			req.streamOptions = value
		case "messages":
			req.messages = value
		case "tools":
			req.tools = value
		case "tool_choice":
			req.toolChoice = value
		case "max_tokens":
			req.maxTokens = value
		case "max_completion_tokens":
			req.maxCompletion = value
		case "n":
			choices = value
		}
		return true
	})
	if err != nil {
		return nil, badRequest("", "", "We could not parse the JSON body of your request.")
	}
	req.stream = string(stream) == "true"
	if n, err := strconv.Atoi(string(choices)); err == nil {
		req.choices = n
	}
	if isSet(req.streamOptions) {
		var options struct {
			IncludeUsage bool `json:"include_usage"`
		}
		if json.Unmarshal(req.streamOptions, &options) != nil {
			return nil, badRequest("stream_options", "invalid_type", "Invalid type for 'stream_options'.")
		}
		req.includeUsage = options.IncludeUsage
	}
	return req, nil
}

// isSet tells a member that is there from one that is missing or null.
func isSet(value []byte) bool { return len(value) > 0 && string(value) != "null" }

func badRequest(param, code, message string) *dialect.Error {
	return &dialect.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Param: param, Code: code, Message: message,
	}
}

// check applies the rules that the real API enforces.
func (req *chatRequest) check(sc *script) *dialect.Error {
	switch {
	case req.model == "":
		return badRequest("", "", "you must provide a model parameter")
	case !isSet(req.messages):
		return badRequest("messages", "missing_required_parameter", "Missing required parameter: 'messages'.")
	case req.messages[0] != '[':
		return badRequest("messages", "invalid_type", "Invalid type for 'messages': expected an array of objects.")
	case len(bytes.Trim(req.messages, "[] \t\r\n")) == 0:
		return badRequest("messages", "empty_array", "Invalid 'messages': empty array.")
	case req.choices < 1 || req.choices > 128:
		return badRequest("n", "integer_above_max_value", "Invalid 'n': integer out of range.")
	case isSet(req.streamOptions) && !req.stream:
		return badRequest("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case sc.noMaxTokens && isSet(req.maxTokens):
		return badRequest("max_tokens", "unsupported_parameter",
			"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
	case bytes.Contains(req.messages, []byte(`"tool`)):
		return checkToolOrder(req.conversation())
	default:
		return nil
	}
}

// message is one message of a conversation.
type message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCallID string          `json:"tool_call_id"`
	ToolCalls  []struct {
		ID string `json:"id"`
	} `json:"tool_calls"`
}

// conversation decodes the messages; what cannot be decoded is left out.
func (req *chatRequest) conversation() []message {
	var messages []message
	_ = json.Unmarshal(req.messages, &messages)
	return messages
}

// checkToolOrder demands an answer to each tool call before any other message, and a call for each answer.
func checkToolOrder(messages []message) *dialect.Error {
	open := make(map[string]bool)
	for _, m := range messages {
		if m.Role == "tool" {
			if !open[m.ToolCallID] {
				return badRequest("messages", "", "Invalid parameter: messages with role 'tool' must be a response to a "+
					"preceding message with 'tool_calls'.")
			}
			delete(open, m.ToolCallID)
			continue
		}
		if len(open) > 0 {
			break
		}
		for _, call := range m.ToolCalls {
			open[call.ID] = true
		}
	}
	if len(open) > 0 {
		return badRequest("messages", "", "An assistant message with 'tool_calls' must be followed by tool messages "+
			"responding to each 'tool_call_id'.")
	}
	return nil
}

// compose makes the answer to a request.
func (x *exchange) compose(req *chatRequest, sc *script) *answer {
	switch sc.content {
	case echo:
		return textAnswer(strings.SplitAfter(lastUserText(req.conversation()), " "))
	case scripts:
		return textAnswer([]string{"Grüße, ", "Welt! ", "世界", "へ、", "Привет! ", "👩‍👩‍👧 ", "é\u2028", "<&>"})
	case countedWords:
		return wordsAnswer(sc.size)
	case hugeLine:
		return textAnswer([]string{"A ", strings.Repeat("x", sc.size), " end."})
	case reasoning:
		return reasoningAnswer([]string{"The user ", "wants ", "words. "}, words[:])
	case oneToolCall:
		return x.callTool(req, sc, 1)
	case twoToolCalls:
		return x.callTool(req, sc, 2)
	default:
		return x.sayWords(req, sc)
	}
}

// sayWords gives the plain answer, or less of it, or a tool call, as the request demands.
func (x *exchange) sayWords(req *chatRequest, sc *script) *answer {
	if isSet(req.tools) && (string(req.toolChoice) == `"required"` || bytes.HasPrefix(req.toolChoice, []byte("{"))) {
		return x.callTool(req, sc, 1)
	}
	limit, err := strconv.Atoi(string(req.maxCompletion))
	if err != nil {
		limit, err = strconv.Atoi(string(req.maxTokens))
	}
	if err != nil || limit < 0 || limit >= x.sim.plain.output {
		return x.sim.plain
	}
	short := wordsAnswer(limit)
	short.finish = "length"
	return short
}

// callTool calls the request's first tool, unless the conversation already ends with a tool's answer.
func (x *exchange) callTool(req *chatRequest, sc *script, calls int) *answer {
	messages := req.conversation()
	if n := len(messages); n > 0 && messages[n-1].Role == "tool" {
		return x.sim.plain
	}
	ids := make([]string, calls)
	for i := range ids {
		ids[i] = x.id("call_") + "-" + strconv.Itoa(i)
	}
	return toolAnswer(req.firstTool(), ids, sc.repeatToolIDs)
}

// firstTool is the name of the first function among the tools.
func (req *chatRequest) firstTool() string {
	var tools []struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if json.Unmarshal(req.tools, &tools) == nil && len(tools) > 0 && tools[0].Function.Name != "" {
		return tools[0].Function.Name
	}
	return "lookup"
}

// lastUserText is the text of the last message of a user, given as a string or in parts.
func lastUserText(messages []message) string {
	for _, m := range slices.Backward(messages) {
		if m.Role == "user" {
			return m.text()
		}
	}
	return ""
}

func (m *message) text() string {
	var whole string
	if json.Unmarshal(m.Content, &whole) == nil {
		return whole
	}
	var parts []struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(m.Content, &parts) // what is no list has no text
	var joined strings.Builder
	for _, part := range parts {
		joined.WriteString(part.Text)
	}
	return joined.String()
}

// appendHead appends the members that all chunks of an answer, or the whole one, begin with.
func (x *exchange) appendHead(dst []byte, req *chatRequest, object string) []byte {
	dst = append(dst, `{"id":`...)
	dst = append(dst, quote(x.id("chatcmpl-"))...)
	dst = append(dst, `,"object":"`...)
	dst = append(dst, object...)
	dst = append(dst, `","created":`...)
	dst = strconv.AppendInt(dst, time.Now().Unix(), 10)
	dst = append(dst, `,"model":`...)
	dst = append(dst, quote(req.model)...)
	return append(dst, `,"service_tier":"default","system_fingerprint":"fp_simulator","choices":[`...)
}

// appendUsage appends the usage object of an answer of which output tokens have been sent in each choice.
func (req *chatRequest) appendUsage(dst []byte, output, reasoning int) []byte {
	prompt := int64(len(req.messages)+3) / 4
	completion := int64(output) * int64(req.choices)
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, prompt, 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, completion, 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, prompt+completion, 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0}`...)
	dst = append(dst, `,"completion_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, int64(reasoning)*int64(req.choices), 10)
	return append(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}
