package simulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Names and ids that the API takes.
var (
	claudeID   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	claudeName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
)

// check applies the rules that the real API enforces, in its words.
func (req *messagesRequest) check(answered bool) *fault {
	switch {
	case req.Model == "":
		return badRequest("model: Field required")
	case answered && req.MaxTokens == nil:
		return badRequest("max_tokens: Field required")
	case req.MaxTokens != nil && *req.MaxTokens < 0:
		return badRequest("max_tokens: Input should be greater than or equal to 0")
	case req.Messages == nil:
		return badRequest("messages: Field required")
	case len(req.Messages) == 0:
		return badRequest("messages: at least one message is required")
	case req.Temperature != nil && (*req.Temperature < 0 || *req.Temperature > 1):
		return badRequest("temperature: Input should be greater than or equal to 0 and less than or equal to 1")
	}
	for i, sequence := range req.StopSequences {
		if strings.TrimSpace(sequence) == "" {
			return badRequest(fmt.Sprintf("stop_sequences.%d: each stop sequence must contain non-whitespace", i))
		}
	}
	if f := req.checkTools(); f != nil {
		return f
	}
	if f := req.checkMarks(); f != nil {
		return f
	}
	for i := range req.Messages {
		if f := req.checkMessage(i); f != nil {
			return f
		}
	}
	return req.checkPairs()
}

// isClient tells a tool that the client runs and describes itself.
func (t *claudeTool) isClient() bool { return t.Type == "" || t.Type == "custom" }

func (req *messagesRequest) checkTools() *fault {
	names := make(map[string]bool)
	for i, t := range req.Tools {
		at := fmt.Sprintf("tools.%d.", i)
		if names[t.Name] {
			return badRequest("tools: Tool names must be unique.")
		}
		names[t.Name] = true
		if !t.isClient() {
			continue
		}
		if !claudeName.MatchString(t.Name) {
			return badRequest(at + "custom.name: String should match pattern '" + claudeName.String() + "'")
		}
		if f := checkInputSchema(at+"custom.input_schema", t.InputSchema); f != nil {
			return f
		}
	}
	switch c := req.ToolChoice; {
	case c == nil:
		return nil
	case len(req.Tools) == 0:
		return badRequest("tool_choice may only be specified while providing tools")
	case c.Type == "tool" && !names[c.Name]:
		return badRequest("Tool '" + c.Name + "' not found in provided tools")
	default:
		return nil
	}
}

func checkInputSchema(at string, schema raw) *fault {
	if !isSet(schema) {
		return badRequest(at + ": Field required")
	}
	var members map[string]raw
	if json.Unmarshal(schema, &members) != nil {
		return badRequest(at + ": Input should be a valid dictionary")
	}
	switch string(members["type"]) {
	case `"object"`:
	case "":
		return badRequest(at + ".type: Field required")
	default:
		return badRequest(at + ".type: Input should be 'object'")
	}
	for _, name := range []string{"oneOf", "allOf", "anyOf"} {
		if members[name] != nil {
			return badRequest(at + ": input_schema does not support oneOf, allOf, or anyOf at the top level")
		}
	}
	return nil
}

// checkMarks counts the marks of what shall be cached.
func (req *messagesRequest) checkMarks() *fault {
	marks := 0
	for _, t := range req.Tools {
		marks += marked(t.CacheControl)
	}
	for _, b := range req.System {
		marks += marked(b.CacheControl)
	}
	for _, m := range req.Messages {
		for _, b := range m.Content {
			marks += marked(b.CacheControl)
		}
	}
	if marks > 4 {
		return badRequest(fmt.Sprintf("A maximum of 4 blocks with cache_control may be provided. Found %d.", marks))
	}
	return nil
}

func marked(mark raw) int {
	if isSet(mark) {
		return 1
	}
	return 0
}

// checkMessage looks at one message for itself.
func (req *messagesRequest) checkMessage(i int) *fault {
	m := &req.Messages[i]
	last := i == len(req.Messages)-1
	switch {
	case m.Role == "system":
		if f := req.checkSystem(i); f != nil {
			return f
		}
	case m.Role != "user" && m.Role != "assistant":
		return badRequest(fmt.Sprintf("messages.%d.role: Input should be 'user' or 'assistant'", i))
	case i == 0 && m.Role != "user":
		return badRequest(`messages: first message must use the "user" role`)
	case len(m.Content) == 0 && (!last || m.Role != "assistant"):
		return badRequest(fmt.Sprintf("messages.%d: all messages must have non-empty content except for the optional "+
			"final assistant message", i))
	}
	for j := range m.Content {
		if f := m.Content[j].check(fmt.Sprintf("messages.%d.content.%d", i, j), m.Role); f != nil {
			return f
		}
	}
	if n := len(m.Content); last && m.Role == "assistant" && n > 0 && m.Content[n-1].Type == "text" {
		if generation(req.Model) >= 4.6 {
			return badRequest("This model does not support assistant message prefill. The conversation must end with a user message.")
		}
		if strings.TrimRight(m.Content[n-1].Text, " \t\n") != m.Content[n-1].Text {
			return badRequest("messages: final assistant content cannot end with trailing whitespace")
		}
	}
	return nil
}

// checkSystem allows a system message in the middle to the models that know it.
func (req *messagesRequest) checkSystem(i int) *fault {
	if generation(req.Model) < 4.8 {
		return badRequest(`messages: Unexpected role "system". The Messages API accepts a top-level ` +
			"`system` parameter, not \"system\" as an input message role. role 'system' is not supported on this model.")
	}
	if i == 0 || req.Messages[i-1].Role != "user" {
		return badRequest(fmt.Sprintf("messages.%d: a system message must follow a user message", i))
	}
	return nil
}

// check looks at one block for itself.
func (b *claudeBlock) check(at, role string) *fault {
	switch b.Type {
	case "text":
		if b.Text == "" {
			return badRequest("messages: text content blocks must be non-empty")
		}
		if strings.TrimSpace(b.Text) == "" {
			return badRequest("messages: text content blocks must contain non-whitespace text")
		}
	case "tool_use", "thinking", "redacted_thinking":
		if role != "assistant" {
			return badRequest(at + ": `" + b.Type + "` blocks can only be in `assistant` messages")
		}
		return b.checkOwn(at)
	case "tool_result":
		if role != "user" {
			return badRequest(at + ": `tool_result` blocks can only be in `user` messages")
		}
	case "image":
		return b.checkImage(at + ".image.source.base64")
	}
	return nil
}

// checkOwn looks at what an assistant said that is no text.
func (b *claudeBlock) checkOwn(at string) *fault {
	switch {
	case b.Type == "tool_use" && !claudeID.MatchString(b.ID):
		return badRequest(at + ".tool_use.id: String should match pattern '" + claudeID.String() + "'")
	case b.Type == "tool_use" && (len(b.Input) == 0 || b.Input[0] != '{'):
		return badRequest(at + ".tool_use.input: Input should be a valid dictionary")
	case b.Type == "thinking" && b.Signature == "":
		return badRequest(at + ".thinking.signature: Field required")
	case b.Type == "thinking" && !signedBy(claudeSigner, b.Signature):
		return badRequest(at + ": Invalid `signature` in `thinking` block")
	case b.Type == "redacted_thinking" && !signedBy(claudeSigner, b.Data):
		return badRequest(at + ": Invalid `data` in `redacted_thinking` block")
	}
	return nil
}

func (b *claudeBlock) checkImage(at string) *fault {
	if b.Source == nil || b.Source.Type != "base64" {
		return nil
	}
	switch b.Source.MediaType {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return badRequest(at + ".media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
	}
	data, err := base64.StdEncoding.DecodeString(b.Source.Data)
	if err != nil || len(data) == 0 {
		return badRequest(at + ": invalid base64 data")
	}
	if seen := http.DetectContentType(data); strings.HasPrefix(seen, "image/") && seen != b.Source.MediaType {
		return badRequest(at + ".data: The image was specified using the " + b.Source.MediaType +
			" media type, but the image appears to be a " + seen + " image")
	}
	return nil
}
