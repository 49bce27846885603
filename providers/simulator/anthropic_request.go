package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// messagesRequest is what matters of a Messages request.
type messagesRequest struct {
	Model         string           `json:"model"`
	MaxTokens     *int             `json:"max_tokens"`
	Messages      []claudeMessage  `json:"messages"`
	System        claudeContent    `json:"system"`
	Stream        bool             `json:"stream"`
	StopSequences []string         `json:"stop_sequences"`
	Temperature   *float64         `json:"temperature"`
	TopP          *float64         `json:"top_p"`
	TopK          *int             `json:"top_k"`
	Thinking      *claudeThinking  `json:"thinking"`
	Tools         []claudeTool     `json:"tools"`
	ToolChoice    *claudeChoice    `json:"tool_choice"`
	OutputConfig  *claudeOutput    `json:"output_config"`
	OutputFormat  *claudeOutFormat `json:"output_format"`
}

type claudeThinking struct {
	Type         string `json:"type"`
	BudgetTokens int    `json:"budget_tokens"`
	Display      string `json:"display"`
}

type claudeTool struct {
	Type         string `json:"type"`
	Name         string `json:"name"`
	InputSchema  raw    `json:"input_schema"`
	CacheControl raw    `json:"cache_control"`
}

type claudeChoice struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

type claudeOutput struct {
	Format *claudeOutFormat `json:"format"`
}

type claudeOutFormat struct {
	Type   string `json:"type"`
	Schema raw    `json:"schema"`
}

type claudeMessage struct {
	Role    string        `json:"role"`
	Content claudeContent `json:"content"`
}

// claudeContent is a list of blocks; a text stands for one.
type claudeContent []claudeBlock

// claudeBlock is a content block of any type.
type claudeBlock struct {
	Type         string        `json:"type"`
	Text         string        `json:"text"`
	Source       *claudeSource `json:"source"`
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Input        raw           `json:"input"`
	ToolUseID    string        `json:"tool_use_id"`
	Content      raw           `json:"content"`
	IsError      bool          `json:"is_error"`
	Thinking     string        `json:"thinking"`
	Signature    string        `json:"signature"`
	Data         string        `json:"data"`
	CacheControl raw           `json:"cache_control"`
}

type claudeSource struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type"`
	Data      string `json:"data"`
	URL       string `json:"url"`
}

// UnmarshalJSON takes a text or a list.
func (c *claudeContent) UnmarshalJSON(data []byte) error {
	var whole string
	if json.Unmarshal(data, &whole) == nil {
		*c = claudeContent{{Type: "text", Text: whole}}
		return nil
	}
	var blocks []claudeBlock
	if err := json.Unmarshal(data, &blocks); err != nil {
		return fmt.Errorf("read content: %w", err)
	}
	*c = blocks
	return nil
}

// messages answers POST /v1/messages.
func (x *exchange) messages() {
	req, sc, f := x.readMessages(true)
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	a := x.sim.compose(req.ask(len(x.body)), sc)
	c := &claudeWriter{x: x, req: req, sc: sc, answer: a}
	if req.Stream {
		c.stream()
		return
	}
	x.deliver(sc, c.whole())
}

// countMessages answers POST /v1/messages/count_tokens.
func (x *exchange) countMessages() {
	req, sc, f := x.readMessages(false)
	if f != nil {
		x.fail(f)
		return
	}
	if x.prelude(sc) {
		x.reply(http.StatusOK, "application/json", object("input_tokens", req.ask(len(x.body)).prompt))
	}
}

// readMessages reads and checks a request; one that is to be answered and not only counted must have a limit.
func (x *exchange) readMessages(answered bool) (*messagesRequest, *script, *fault) {
	if f := x.checkVersion(); f != nil {
		return nil, nil, f
	}
	if len(x.body) > maxAnthropicBody {
		return nil, nil, &fault{status: http.StatusRequestEntityTooLarge, message: "Request exceeds the maximum size"}
	}
	var tree any
	if err := json.Unmarshal(x.body, &tree); err != nil {
		return nil, nil, badRequest("The request body is not valid JSON: " + err.Error())
	}
	if found := messagesShape.find(tree, nil); found != nil {
		return nil, nil, claudeStray(found)
	}
	req := new(messagesRequest)
	if err := json.Unmarshal(x.body, req); err != nil {
		return nil, nil, badRequest(claudeTypeError(err))
	}
	if f := req.check(answered); f != nil {
		return nil, nil, f
	}
	sc, ok := x.sim.scriptFor(req.Model)
	if !ok {
		return nil, nil, &fault{status: http.StatusNotFound, cause: noModel, param: req.Model}
	}
	return req, sc, req.checkThoughts()
}

// ask tells the engine what it must know.
func (req *messagesRequest) ask(size int) *ask {
	q := &ask{
		model: req.Model, limit: -1, stops: req.StopSequences, prompt: (size + 3) / 4, conversation: req.read,
		thinks: req.Thinking != nil && req.Thinking.Type != "disabled",
	}
	if req.MaxTokens != nil {
		q.limit = *req.MaxTokens
	}
	for _, t := range req.Tools {
		switch {
		case t.isClient():
			q.tools = append(q.tools, tool{t.Name, t.InputSchema})
		case strings.HasPrefix(t.Type, "web_search"):
			q.search = true
		case strings.HasPrefix(t.Type, "code_execution"):
			q.code = true
		}
	}
	if req.ToolChoice != nil {
		q.mustCall = req.ToolChoice.Type == "any" || req.ToolChoice.Type == "tool"
		q.tools = putFirst(q.tools, req.ToolChoice.Name)
	}
	format := req.OutputFormat
	if req.OutputConfig != nil && req.OutputConfig.Format != nil {
		format = req.OutputConfig.Format
	}
	if format != nil {
		q.json, q.schema = true, format.Schema
	}
	return q
}

// read reads the conversation for the engine.
func (req *messagesRequest) read() conversation {
	var c conversation
	for _, b := range req.System {
		c.parts = append(c.parts, "system "+b.describe())
	}
	for _, m := range req.Messages {
		var texts strings.Builder
		c.answered = false
		for _, b := range m.Content {
			c.answered = c.answered || b.Type == "tool_result"
			texts.WriteString(b.Text)
			c.parts = append(c.parts, m.Role+" "+b.describe())
		}
		if m.Role == "user" && texts.Len() > 0 {
			c.lastUser = texts.String()
		}
	}
	return c
}

// describe tells what a block is, for the script that inspects.
func (b *claudeBlock) describe() string {
	switch b.Type {
	case "image", "document":
		if b.Source == nil {
			return b.Type
		}
		if b.Source.Type == "url" {
			return b.Type + " at " + b.Source.URL
		}
		if b.Source.Type == "text" {
			return fmt.Sprintf("%s %d", b.Source.MediaType, len(b.Source.Data))
		}
		return fmt.Sprintf("%s %d", b.Source.MediaType, decodedLength(b.Source.Data))
	case "tool_use":
		return "call " + b.Name
	case "tool_result":
		if b.IsError {
			return "failure"
		}
		return "result"
	case "thinking":
		return fmt.Sprintf("thought %d", len(b.Thinking))
	default:
		return fmt.Sprintf("%s %d", b.Type, len(b.Text))
	}
}
