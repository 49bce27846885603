package dialect

import (
	"slices"
	"strconv"
	"strings"
)

// geminiRequest is a request while it is read.
type geminiRequest struct {
	report   *Report
	request  *Request
	system   []Message
	messages []Message
	// open are the calls that have had no result yet, minted counts the ids made for calls without one.
	open   []*ToolCall
	minted int
}

// DecodeRequest reads the body of generateContent, streamGenerateContent or countTokens.
func (c gemini) DecodeRequest(body []byte, report *Report) (*Request, error) {
	v, err := openValue(body)
	if err != nil {
		return nil, err
	}
	if inner := v.getCamel("generateContentRequest"); inner.isObject() { // countTokens may wrap what it counts.
		v = inner
	}
	d := geminiRequest{report: report, request: &Request{Body: body}}
	if err := v.members(func(name []byte, member value) error { return d.member(camel(name), member) }); err != nil {
		return nil, err
	}
	if d.messages == nil {
		return nil, &FieldError{Field: "contents", Reason: "is missing: an array of the conversation's turns is required"}
	}
	d.request.Messages = slices.Concat(d.system, d.messages)
	return d.request, nil
}

func (d *geminiRequest) member(name string, v value) error {
	r := d.request
	if v.isNull() {
		return nil
	}
	switch name {
	case "model":
	case "contents":
		return d.contents(v)
	case "systemInstruction":
		parts, err := d.parts(name, v.get("parts"))
		if v.isString() {
			parts = []Part{{Text: v.text()}}
		}
		if len(parts) > 0 {
			d.system = []Message{{Role: RoleSystem, Parts: parts}}
		}
		return err
	case "tools":
		return d.tools(v)
	case "toolConfig":
		return d.toolConfig(v)
	case "generationConfig":
		return v.members(func(name []byte, member value) error {
			if member.isNull() {
				return nil
			}
			return d.setting(camel(name), member)
		})
	case "serviceTier":
		r.ServiceTier = strings.ToLower(v.text())
	default:
		r.Extra = append(r.Extra, Extra{
			Vendor: VendorGoogle, Name: name, Value: v.raw(), Essential: name == "cachedContent",
		})
	}
	return nil
}

func (d *geminiRequest) contents(v value) error {
	d.messages = []Message{}
	if v.isObject() {
		return d.turn(0, v)
	}
	if !v.isArray() {
		return &FieldError{Field: "contents", Reason: "must be an array"}
	}
	return v.elements(d.turn)
}

func (d *geminiRequest) turn(i int, v value) error {
	m := Message{At: i}
	switch role := v.get("role").text(); role {
	case "user", "function", "":
	case "model":
		m.Role = RoleAssistant
	case "system":
		m.Role = RoleSystem
	default:
		return &FieldError{Field: indexed("contents", i) + ".role", Reason: "must be user or model"}
	}
	var err error
	m.Parts, err = d.parts(indexed("contents", i), v.get("parts"))
	d.messages = append(d.messages, m)
	return err
}

// setting reads a member of generationConfig.
func (d *geminiRequest) setting(name string, v value) error {
	r, at := d.request, "generationConfig."+name
	switch name {
	case "temperature":
		return readFloat(at, v, &r.Temperature)
	case "topP":
		return readFloat(at, v, &r.TopP)
	case "topK":
		return readInt(at, v, &r.TopK)
	case "candidateCount":
		return readInt(at, v, &r.N)
	case "maxOutputTokens":
		return readInt(at, v, &r.MaxTokens)
	case "stopSequences":
		return readStrings(at, v, &r.Stop)
	case "seed":
		return readInt(at, v, &r.Seed)
	case "presencePenalty":
		return readFloat(at, v, &r.PresencePenalty)
	case "frequencyPenalty":
		return readFloat(at, v, &r.FrequencyPenalty)
	case "responseLogprobs":
		return readBool(at, v, &r.LogProbs)
	case "logprobs":
		return readInt(at, v, &r.TopLogProbs)
	case "responseMimeType":
		return d.mimeType(at, v)
	case "responseSchema":
		var w writer
		jsonSchema(&w, v, 0)
		r.Format = Format{Kind: FormatSchema, Schema: w.buf}
	case "responseJsonSchema":
		r.Format = Format{Kind: FormatSchema, Schema: v.raw()}
	case "responseModalities":
		return d.modalities(at, v)
	case "thinkingConfig":
		return d.thinking(at, v)
	default:
		d.report.DropName(at)
	}
	return nil
}

func (d *geminiRequest) mimeType(at string, v value) error {
	switch v.text() {
	case "text/plain":
	case "application/json":
		if d.request.Format.Kind == FormatText {
			d.request.Format.Kind = FormatJSON
		}
	default:
		d.report.RefuseName(at, "must be text/plain or application/json to be translated")
	}
	return nil
}

func (d *geminiRequest) modalities(at string, v value) error {
	return v.elements(func(_ int, m value) error {
		if word := m.text(); !strings.EqualFold(word, "TEXT") {
			d.report.RefuseName(at, "asks for "+strconv.Quote(clipWord(word))+", and other providers answer in text")
		}
		return nil
	})
}

func (d *geminiRequest) thinking(at string, v value) error {
	r := &d.request.Reasoning
	return v.members(func(name []byte, v value) error {
		switch field := camel(name); field {
		case "includeThoughts":
			return readBool(at+"."+field, v, &r.Show)
		case "thinkingBudget":
			return readInt(at+"."+field, v, &r.Budget)
		case "thinkingLevel":
			r.Effort = Effort(strings.ToLower(v.text()))
		default:
			d.report.DropName(at + "." + field)
		}
		return nil
	})
}

// tools reads the declarations of functions, and the tools that Google runs.
func (d *geminiRequest) tools(v value) error {
	list := raws(v)
	if v.isObject() {
		list = []value{v}
	}
	for i, tool := range list {
		err := tool.members(func(name []byte, v value) error {
			switch word := camel(name); word {
			case "functionDeclarations":
				return v.elements(func(j int, f value) error {
					return d.function(indexed(indexed("tools", i)+".functionDeclarations", j), f)
				})
			case "googleSearch", "googleSearchRetrieval":
				d.serverTool(ServerWebSearch)
			case "codeExecution":
				d.serverTool(ServerCodeInterpreter)
			case "urlContext":
				d.serverTool(ServerURLContext)
			default:
				d.request.Tools = append(d.request.Tools, Tool{
					Kind: ToolServer, Name: word, Server: ServerTool(word), Vendor: VendorGoogle, Raw: tool.raw(),
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *geminiRequest) serverTool(t ServerTool) {
	d.request.Tools = append(d.request.Tools, Tool{Kind: ToolServer, Name: string(t), Server: t})
}

func (d *geminiRequest) function(at string, v value) error {
	t := Tool{Name: v.get("name").text(), Description: v.get("description").text()}
	if t.Name == "" {
		return &FieldError{Field: at + ".name", Reason: "is missing"}
	}
	if schema := v.getCamel("parametersJsonSchema"); schema.isObject() {
		t.Schema = schema.raw()
	} else if schema := v.get("parameters"); schema.isObject() {
		var w writer
		jsonSchema(&w, schema, 0)
		t.Schema = w.buf
	}
	d.request.Tools = append(d.request.Tools, t)
	return nil
}

func (d *geminiRequest) toolConfig(v value) error {
	config := v.getCamel("functionCallingConfig")
	if !config.isObject() {
		return nil
	}
	var names []string
	if allowed := config.getCamel("allowedFunctionNames"); !allowed.isNull() {
		if err := readStrings("toolConfig.functionCallingConfig.allowedFunctionNames", allowed, &names); err != nil {
			return err
		}
	}
	c := &d.request.ToolChoice
	switch mode := strings.ToUpper(config.get("mode").text()); mode {
	case "AUTO", "MODE_UNSPECIFIED", "", "VALIDATED":
		c.Mode = ChoiceAuto
	case "NONE":
		c.Mode = ChoiceNone
	case "ANY":
		c.Mode = ChoiceRequired
		if len(names) == 1 {
			c.Mode = ChoiceTool
		}
	default:
		return &FieldError{Field: "toolConfig.functionCallingConfig.mode", Reason: "must be AUTO, ANY, NONE or VALIDATED"}
	}
	for _, name := range names {
		c.Names = append(c.Names, ToolRef{Name: name})
	}
	return nil
}
