package dialect

import (
	"strings"
)

// kiroTurn is what a turn holds, sorted into the places that Kiro has.
type kiroTurn struct {
	texts   []string
	images  []*Media
	calls   []*ToolCall
	results []kiroResult
}

// kiroResult is the result of a tool, in words.
type kiroResult struct {
	of   *ToolResult
	text string
}

// turn appends a turn. What stands before the user's text is preface; tools are for the current turn only.
func (e *kiroEncoding) turn(m *Message, preface string, tools []kiroTool) {
	t := e.read(m)
	e.w.open('{')
	if m.Role == RoleAssistant {
		e.assistant(&t)
	} else {
		e.user(&t, preface, tools)
	}
	e.w.close('}')
}

func (e *kiroEncoding) user(t *kiroTurn, preface string, tools []kiroTool) {
	text := strings.Join(t.texts, "\n")
	if text == "" {
		text = kiroUserFiller
	}
	if preface != "" {
		text = preface + "\n\n" + text
	}
	e.w.openObject("userInputMessage")
	e.w.str("content", text)
	e.w.str("modelId", e.x.Target.Model)
	e.w.str("origin", "AI_EDITOR")
	if len(t.images) > 0 {
		e.w.openArray("images")
		for _, image := range t.images {
			e.image(image)
		}
		e.w.close(']')
	}
	if len(tools) > 0 || len(t.results) > 0 {
		e.w.openObject("userInputMessageContext")
		e.tools(tools)
		e.results(t.results)
		e.w.close('}')
	}
	e.w.close('}')
}

func (e *kiroEncoding) assistant(t *kiroTurn) {
	text := strings.Join(t.texts, "\n\n")
	if text == "" {
		text = kiroAssistantFiller
	}
	e.w.openObject("assistantResponseMessage")
	e.w.str("content", text)
	if len(t.calls) > 0 {
		e.w.openArray("toolUses")
		for _, call := range t.calls {
			e.call(call)
		}
		e.w.close(']')
	}
	e.w.close('}')
}

func (e *kiroEncoding) call(c *ToolCall) {
	args := c.Args
	if c.Custom {
		args = CustomArgs(c.Input)
	}
	if len(args) == 0 {
		args = []byte("{}")
	}
	e.w.open('{')
	e.w.str("toolUseId", LegalID(c.ID, kiroLongestID))
	e.w.str("name", e.x.Wire(c.Ref(), kiroNames()))
	e.w.raw("input", args)
	e.w.close('}')
}

func (e *kiroEncoding) results(results []kiroResult) {
	if len(results) == 0 {
		return
	}
	e.w.openArray("toolResults")
	for i := range results {
		r := &results[i]
		e.w.open('{')
		e.w.str("toolUseId", LegalID(r.of.CallID, kiroLongestID))
		e.w.openArray("content")
		e.w.open('{')
		e.w.str("text", r.text)
		e.w.close('}')
		e.w.close(']')
		if r.of.Failed {
			e.w.str("status", "error")
		} else {
			e.w.str("status", "success")
		}
		e.w.close('}')
	}
	e.w.close(']')
}

func (e *kiroEncoding) image(m *Media) {
	e.w.open('{')
	e.w.str("format", strings.TrimPrefix(mediaType(m), "image/"))
	e.w.openObject("source")
	e.w.str("bytes", m.Data)
	e.w.close('}')
	e.w.close('}')
}

// read sorts the parts of a turn.
func (e *kiroEncoding) read(m *Message) kiroTurn {
	var t kiroTurn
	for i := range m.Parts {
		p := &m.Parts[i]
		e.dropSet(p.Cache != nil, FieldCache)
		switch p.Kind {
		case PartText, PartRefusal:
			t.say(p.Text)
		case PartThinking:
			if e.thinking != "" && m.Role == RoleAssistant && p.Text != "" {
				t.say(kiroThought + p.Text + kiroThoughtEnd)
			}
		case PartImage, PartAudio, PartFile:
			t.say(e.media(&t, p, m.At))
		case PartToolCall:
			t.calls = append(t.calls, p.Call)
		case PartToolResult:
			t.results = append(t.results, kiroResult{of: p.Result, text: e.resultText(&t, p.Result, m.At)})
		case PartServerCall, PartServerResult:
			t.say(ServerText(p))
		}
	}
	return t
}

// say adds a text unless it is nothing but white space.
func (t *kiroTurn) say(text string) {
	if strings.TrimSpace(text) != "" {
		t.texts = append(t.texts, text)
	}
}

// resultText is a result in words. Its images go with the turn.
func (e *kiroEncoding) resultText(t *kiroTurn, r *ToolResult, at int) string {
	if len(r.Data) > 0 {
		return string(r.Data)
	}
	var inner kiroTurn
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Media == nil {
			inner.say(p.Text)
			continue
		}
		inner.say(e.media(t, p, at))
	}
	switch {
	case len(inner.texts) > 0:
		return strings.Join(inner.texts, "\n")
	case hasMedia(r.Parts):
		return "(see the image of this message)"
	default:
		return "(empty)"
	}
}

// media adds an image to the turn or returns the text of a document. The gateway fetches nothing and reads no PDF.
func (e *kiroEncoding) media(t *kiroTurn, p *Part, at int) (text string) {
	m := p.Media
	switch kind := mediaType(m); {
	case m.FileID != "":
		e.report.RefuseAt(at, "names a file that was given to another provider; send its content instead")
	case p.Kind == PartAudio:
		e.report.RefuseAt(at, "holds audio, which this upstream does not take")
	case m.Text != "":
		return m.Document()
	case m.Data == "":
		e.report.RefuseAt(at, "holds an address, which this upstream does not fetch; send the data instead")
	case kind == "image/png", kind == "image/jpeg", kind == "image/gif", kind == "image/webp":
		t.images = append(t.images, m)
		e.report.dropDetail(m)
	case strings.HasPrefix(kind, "text/"):
		plain := m.Plain()
		if plain.Text == "" {
			e.report.RefuseAt(at, "holds a file whose data is no base64")
		}
		return plain.Document()
	default:
		e.report.RefuseAt(at, "holds a file of type "+clipWord(kind)+": this upstream takes png, jpeg, gif and webp images, and text")
	}
	return ""
}
