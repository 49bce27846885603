package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// responsesRequest is what matters of a Responses request.
type responsesRequest struct {
	Model              string   `json:"model"`
	Input              raw      `json:"input"`
	Instructions       string   `json:"instructions"`
	PreviousResponseID string   `json:"previous_response_id"`
	Store              *bool    `json:"store"`
	Stream             bool     `json:"stream"`
	StreamOptions      raw      `json:"stream_options"`
	Include            []string `json:"include"`
	MaxOutputTokens    *int     `json:"max_output_tokens"`
	Temperature        *float64 `json:"temperature"`
	TopP               *float64 `json:"top_p"`
	Reasoning          *struct {
		Effort  *string `json:"effort"`
		Summary *string `json:"summary"`
	} `json:"reasoning"`
	Text struct {
		Format *struct {
			Type   string `json:"type"`
			Name   string `json:"name"`
			Schema raw    `json:"schema"`
			Strict bool   `json:"strict"`
		} `json:"format"`
	} `json:"text"`
	Tools             []responsesTool `json:"tools"`
	ToolChoice        raw             `json:"tool_choice"`
	ParallelToolCalls *bool           `json:"parallel_tool_calls"`
	Metadata          raw             `json:"metadata"`
	EnableThinking    bool            `json:"enable_thinking"`

	// items are the input's, those of the responses before it first.
	items []responsesItem
}

type responsesTool struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Parameters raw    `json:"parameters"`
	Strict     *bool  `json:"strict"`
}

// responsesItem is an item of any type; text is what it is as JSON.
type responsesItem struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Role      string `json:"role"`
	Content   raw    `json:"content"`
	CallID    string `json:"call_id"`
	Name      string `json:"name"`
	Output    raw    `json:"output"`
	Encrypted string `json:"encrypted_content"`

	text raw
}

// responses answers POST /v1/responses.
func (x *exchange) responses() {
	req, sc, f := x.readResponses()
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	r := newResponsesWriter(x, req, sc, x.sim.compose(req.ask(len(x.body)), sc))
	if req.Stream {
		r.stream()
		return
	}
	x.deliver(sc, r.whole())
}

// countResponses answers POST /v1/responses/input_tokens.
func (x *exchange) countResponses() {
	req, sc, f := x.readResponses()
	if f != nil {
		x.fail(f)
		return
	}
	if x.prelude(sc) {
		x.reply(http.StatusOK, "application/json",
			object("object", "response.input_tokens", "input_tokens", req.ask(len(x.body)).prompt))
	}
}

// readResponses reads and checks a request.
func (x *exchange) readResponses() (*responsesRequest, *script, *fault) {
	var tree any
	if json.Unmarshal(x.body, &tree) != nil {
		return nil, nil, badRequest("We could not parse the JSON body of your request.")
	}
	if _, lax := x.vendor.(qwen); !lax { // it passes over what it does not know
		if found := responsesShape.find(tree, nil); found != nil {
			return nil, nil, responsesStray(found)
		}
	}
	req := new(responsesRequest)
	if err := json.Unmarshal(x.body, req); err != nil {
		return nil, nil, badParam("", "invalid_type", "Invalid type: "+err.Error())
	}
	if f := req.readItems(); f != nil {
		return nil, nil, f
	}
	if id := req.PreviousResponseID; id != "" {
		before, ok := x.sim.stored.get(id)
		if !ok {
			return nil, nil, badParam("previous_response_id", "previous_response_not_found",
				"Previous response with id '"+id+"' not found.")
		}
		req.items = append(slices.Clone(before.items), req.items...)
	}
	if f := req.check(x.sim); f != nil {
		return nil, nil, f
	}
	sc, ok := x.sim.scriptFor(req.Model)
	if !ok {
		return nil, nil, &fault{status: http.StatusNotFound, cause: noModel, param: req.Model}
	}
	return req, sc, nil
}

// readItems reads the input: a text stands for a message of the user.
func (req *responsesRequest) readItems() *fault {
	var whole string
	var texts []raw
	switch {
	case !isSet(req.Input):
		return nil
	case json.Unmarshal(req.Input, &whole) == nil:
		texts = []raw{object("type", "message", "role", "user", "content", []raw{object("type", "input_text", "text", whole)})}
	case json.Unmarshal(req.Input, &texts) != nil:
		return badParam("input", "invalid_type", "Invalid type for 'input': expected one of a string or array of objects.")
	}
	for i, text := range texts {
		item := responsesItem{text: text}
		if json.Unmarshal(text, &item) != nil {
			return badParam(fmt.Sprintf("input[%d]", i), "invalid_type", fmt.Sprintf("Invalid type for 'input[%d]'.", i))
		}
		if item.Type == "" {
			item.Type = "message"
		}
		req.items = append(req.items, item)
	}
	return nil
}

// ask tells the engine what it must know.
func (req *responsesRequest) ask(size int) *ask {
	q := &ask{model: req.Model, limit: -1, prompt: (size + 3) / 4, conversation: req.read}
	if req.MaxOutputTokens != nil {
		q.limit = *req.MaxOutputTokens
	}
	q.thinks = req.EnableThinking || req.Reasoning != nil && req.Reasoning.Effort != nil && *req.Reasoning.Effort != "none"
	if f := req.Text.Format; f != nil {
		q.json, q.schema = f.Type == "json_schema" || f.Type == "json_object", f.Schema
	}
	for _, t := range req.Tools {
		switch {
		case t.Type == "function" || t.Type == "custom":
			q.tools = append(q.tools, tool{t.Name, t.Parameters})
		case strings.HasPrefix(t.Type, "web_search"):
			q.search = true
		case t.Type == "code_interpreter":
			q.code = true
		}
	}
	var choice struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	if json.Unmarshal(req.ToolChoice, &choice) == nil {
		q.mustCall = choice.Type == "function" || choice.Type == "custom"
		q.tools = putFirst(q.tools, choice.Name)
	}
	q.mustCall = q.mustCall || string(req.ToolChoice) == `"required"`
	return q
}

// read reads the conversation for the engine.
func (req *responsesRequest) read() conversation {
	var c conversation
	if req.Instructions != "" {
		c.parts = append(c.parts, fmt.Sprintf("system text %d", len(req.Instructions)))
	}
	for _, item := range req.items {
		c.answered = strings.HasSuffix(item.Type, "_output")
		switch item.Type {
		case "message":
			var texts strings.Builder
			for _, p := range item.parts() {
				texts.WriteString(p.Text)
				c.parts = append(c.parts, item.Role+" "+p.describe())
			}
			if item.Role == "user" {
				c.lastUser = texts.String()
			}
		case "function_call", "custom_tool_call":
			c.parts = append(c.parts, "assistant call "+item.Name)
		case "reasoning":
			c.parts = append(c.parts, "assistant thought")
		default:
			c.parts = append(c.parts, item.Type)
		}
	}
	return c
}

// responsesPart is one part of a message's content.
type responsesPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL string `json:"image_url"`
	FileData string `json:"file_data"`
	FileURL  string `json:"file_url"`
}

func (item *responsesItem) parts() []responsesPart {
	var whole string
	if json.Unmarshal(item.Content, &whole) == nil && isSet(item.Content) {
		return []responsesPart{{Type: "input_text", Text: whole}}
	}
	var parts []responsesPart
	_ = json.Unmarshal(item.Content, &parts) // what is no list has no parts
	return parts
}

// describe tells what a part is, for the script that inspects.
func (p *responsesPart) describe() string {
	switch {
	case p.Type == "input_image":
		return describeURL("image", p.ImageURL)
	case p.Type == "input_file" && p.FileURL != "":
		return "file at " + p.FileURL
	case p.Type == "input_file":
		return describeURL("file", p.FileData)
	default:
		return fmt.Sprintf("text %d", len(p.Text))
	}
}
