package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// kiroRequest is generateAssistantResponse's. What it lacks is not known to Kiro.
type kiroRequest struct {
	ProfileARN        string `json:"profileArn"`
	ConversationState struct {
		AgentTaskType       string     `json:"agentTaskType"`
		ChatTriggerType     string     `json:"chatTriggerType"`
		ConversationID      string     `json:"conversationId"`
		AgentContinuationID string     `json:"agentContinuationId"`
		History             []kiroTurn `json:"history"`
		CurrentMessage      kiroTurn   `json:"currentMessage"`
	} `json:"conversationState"`
}

// kiroTurn is one of the two.
type kiroTurn struct {
	User      *kiroUser      `json:"userInputMessage"`
	Assistant *kiroAssistant `json:"assistantResponseMessage"`
}

type kiroUser struct {
	Content string      `json:"content"`
	ModelID string      `json:"modelId"`
	Origin  string      `json:"origin"`
	Images  []kiroImage `json:"images"`
	Context *struct {
		Tools       []kiroTool   `json:"tools"`
		ToolResults []kiroResult `json:"toolResults"`
	} `json:"userInputMessageContext"`
}

type kiroImage struct {
	Format string `json:"format"`
	Source struct {
		Bytes string `json:"bytes"`
	} `json:"source"`
}

type kiroTool struct {
	Specification struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		InputSchema struct {
			JSON raw `json:"json"`
		} `json:"inputSchema"`
	} `json:"toolSpecification"`
}

type kiroResult struct {
	ToolUseID string `json:"toolUseId"`
	Status    string `json:"status"`
	Content   []struct {
		Text string `json:"text"`
		JSON raw    `json:"json"`
	} `json:"content"`
}

type kiroAssistant struct {
	Content  string `json:"content"`
	ToolUses []struct {
		ToolUseID string `json:"toolUseId"`
		Name      string `json:"name"`
		Input     raw    `json:"input"`
	} `json:"toolUses"`
}

// kiroChat answers POST /generateAssistantResponse.
func (x *exchange) kiroChat() {
	req, sc, f := x.readKiro()
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	q := req.ask(len(x.body))
	k := &kiroWriter{x: x, sc: sc, model: q.model, tagged: q.thinks, prompt: q.prompt, answer: x.sim.compose(q, sc)}
	k.stream()
}

func (x *exchange) readKiro() (*kiroRequest, *script, *fault) {
	req := &kiroRequest{}
	d := json.NewDecoder(bytes.NewReader(x.body))
	d.DisallowUnknownFields()
	if d.Decode(req) != nil || req.ConversationState.CurrentMessage.User == nil {
		return nil, nil, malformed("")
	}
	model := req.ConversationState.CurrentMessage.User.ModelID
	sc, ok := x.sim.scriptFor(model)
	if !ok || model == "" {
		return nil, nil, &fault{cause: noModel}
	}
	return req, sc, req.check()
}

// turns are all of them, the current one last.
func (req *kiroRequest) turns() []kiroTurn {
	history := req.ConversationState.History
	return append(slices.Clip(history), req.ConversationState.CurrentMessage)
}

// ask tells the engine what it must know. Kiro has no parameters.
func (req *kiroRequest) ask(size int) *ask {
	current := req.ConversationState.CurrentMessage.User
	q := &ask{model: current.ModelID, limit: -1, prompt: (size + 3) / 4, conversation: req.read}
	for _, t := range req.turns() {
		if t.User != nil {
			q.thinks = strings.Contains(t.User.Content, "<thinking_mode>") // It stands in the first turn.
			break
		}
	}
	if current.Context != nil {
		for i := range current.Context.Tools {
			s := &current.Context.Tools[i].Specification
			q.tools = append(q.tools, tool{s.Name, s.InputSchema.JSON})
		}
	}
	return q
}

// read reads the conversation for the engine.
func (req *kiroRequest) read() conversation {
	var c conversation
	for _, t := range req.turns() {
		if a := t.Assistant; a != nil {
			c.parts = append(c.parts, fmt.Sprintf("assistant text %d", len(a.Content)))
			for _, use := range a.ToolUses {
				c.parts = append(c.parts, "assistant call "+use.Name)
			}
			continue
		}
		c.answered, c.lastUser = false, t.User.Content
		c.parts = append(c.parts, fmt.Sprintf("user text %d", len(t.User.Content)))
		for _, image := range t.User.Images {
			c.parts = append(c.parts, fmt.Sprintf("user image/%s %d", image.Format, decodedLength(image.Source.Bytes)))
		}
		if t.User.Context != nil {
			for _, r := range t.User.Context.ToolResults {
				c.answered = true
				c.parts = append(c.parts, fmt.Sprintf("tool result %s %d", r.Status, len(r.Content[0].Text)))
			}
		}
	}
	return c
}
