package simulator

import (
	"encoding/json"
	"fmt"
	"strings"
)

// chatMessage is one message of a Chat Completions conversation.
type chatMessage struct {
	Role       string `json:"role"`
	Content    raw    `json:"content"`
	Reasoning  string `json:"reasoning_content"`
	ToolCallID string `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// chatPart is one part of a message's content.
type chatPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
	InputAudio struct {
		Data   string `json:"data"`
		Format string `json:"format"`
	} `json:"input_audio"`
	File struct {
		FileID   string `json:"file_id"`
		FileData string `json:"file_data"`
	} `json:"file"`
}

// decode decodes the messages; what cannot be decoded is left out.
func (req *chatRequest) decode() []chatMessage {
	var messages []chatMessage
	_ = json.Unmarshal(req.Messages, &messages)
	return messages
}

// read reads the conversation for the engine.
func (req *chatRequest) read() conversation {
	var c conversation
	for _, m := range req.decode() {
		c.answered = m.Role == "tool"
		if m.Reasoning != "" {
			c.parts = append(c.parts, fmt.Sprintf("%s thought %d", m.Role, len(m.Reasoning)))
		}
		var texts strings.Builder
		for _, part := range m.parts() {
			texts.WriteString(part.Text)
			c.parts = append(c.parts, m.Role+" "+part.describe())
		}
		if m.Role == "user" {
			c.lastUser = texts.String()
		}
		for _, call := range m.ToolCalls {
			c.parts = append(c.parts, fmt.Sprintf("%s call %s", m.Role, call.Function.Name))
		}
	}
	return c
}

// parts are the content's, a text's being one.
func (m *chatMessage) parts() []chatPart {
	var whole string
	if json.Unmarshal(m.Content, &whole) == nil && isSet(m.Content) {
		return []chatPart{{Type: "text", Text: whole}}
	}
	var parts []chatPart
	_ = json.Unmarshal(m.Content, &parts) // what is no list has no parts
	return parts
}

// describe tells what a part is, for the script that inspects.
func (p *chatPart) describe() string {
	switch p.Type {
	case "image_url":
		return describeURL("image", p.ImageURL.URL)
	case "file":
		if p.File.FileID != "" {
			return "file id " + p.File.FileID
		}
		return describeURL("file", p.File.FileData)
	case "input_audio":
		return fmt.Sprintf("audio/%s %d", p.InputAudio.Format, decodedLength(p.InputAudio.Data))
	default:
		return fmt.Sprintf("text %d", len(p.Text))
	}
}

// describeURL tells the media type and the size of a data URL's content, or the other URL.
func describeURL(what, url string) string {
	rest, isData := strings.CutPrefix(url, "data:")
	media, data, found := strings.Cut(rest, ";base64,")
	if !isData || !found {
		return what + " at " + url
	}
	return fmt.Sprintf("%s %d", media, decodedLength(data))
}

// decodedLength is the number of bytes that base64 text stands for.
func decodedLength(data string) int {
	return len(strings.TrimRight(data, "=")) * 6 / 8
}
