package dialect

import (
	"strconv"
	"strings"
)

// parts reads the parts of a turn.
func (d *geminiRequest) parts(at string, v value) ([]Part, error) {
	var parts []Part
	err := v.elements(func(i int, v value) error {
		where := indexed(at+".parts", i)
		if call := v.getCamel("functionCall"); call.isObject() {
			parts = append(parts, d.call(v, call))
			return nil
		}
		if result := v.getCamel("functionResponse"); result.isObject() {
			p, err := d.result(where, result)
			parts = append(parts, p)
			return err
		}
		p, ok := geminiPart(v)
		if !ok && !geminiBare(v) {
			d.report.RefuseName(where, "is of a kind that the gateway can't translate")
			return nil
		}
		geminiOpen(&p, v.getCamel("thoughtSignature").text())
		switch n := len(parts); {
		case p.Kind == PartThinking && n > 0 && parts[n-1].Kind == PartThinking && parts[n-1].Signature.Empty():
			parts = appendText(parts, p) // Clients keep a thought in the pieces in which it was streamed.
		case p.Kind != PartText || p.Text != "" || !p.Signature.Empty():
			parts = append(parts, p)
		}
		return nil
	})
	return parts, err
}

// geminiBare tells a part that has no data: what Google's Go client leaves of one with empty text.
func geminiBare(v value) bool {
	bare := true
	_ = Members(v, func(name, _ []byte) bool { // The request has been read as a whole.
		switch string(name) {
		case "thought", "thoughtSignature", "thought_signature":
		default:
			bare = false
		}
		return bare
	})
	return bare
}

// geminiPart reads a part that is neither a call nor a result, its signature left aside.
func geminiPart(v value) (Part, bool) {
	var p Part
	switch {
	case v.get("text").isString():
		p.Text = v.get("text").text()
		if v.get("thought").isTrue() {
			p.Kind = PartThinking
		}
	case v.getCamel("inlineData").isObject():
		data := v.getCamel("inlineData")
		p.Media = &Media{
			Type: data.getCamel("mimeType").text(), Data: geminiBase64(data.get("data").text()), Name: data.getCamel("displayName").text(),
		}
		p.Kind = geminiMedia(p.Media.Type)
	case v.getCamel("fileData").isObject():
		data := v.getCamel("fileData")
		p.Media = &Media{Type: data.getCamel("mimeType").text(), URL: data.getCamel("fileUri").text()}
		if strings.Contains(p.Media.URL, "generativelanguage.googleapis.com/") || strings.HasPrefix(p.Media.URL, "gs://") {
			p.Media.FileID, p.Media.Vendor, p.Media.URL = p.Media.URL, VendorGoogle, ""
		}
		p.Kind = geminiMedia(p.Media.Type)
	case v.getCamel("executableCode").isObject():
		code := v.getCamel("executableCode")
		p.Kind = PartServerCall
		p.ServerCall = &ServerCall{
			ID: code.get("id").text(), Tool: ServerCodeInterpreter, Code: code.get("code").text(),
			Language: strings.ToLower(code.get("language").text()),
		}
	case v.getCamel("codeExecutionResult").isObject():
		told := v.getCamel("codeExecutionResult")
		p.Kind = PartServerResult
		failed := told.get("outcome").text() != "OUTCOME_OK"
		p.ServerResult = &ServerResult{
			CallID: told.get("id").text(), Tool: ServerCodeInterpreter,
			Outputs: []CodeOutput{{Logs: told.get("output").text(), Failed: failed}},
		}
	default:
		return p, false
	}
	return p, true
}

// geminiMedia is the kind of a part with data of that type.
func geminiMedia(kind string) PartKind {
	switch {
	case strings.HasPrefix(kind, "image/"):
		return PartImage
	case strings.HasPrefix(kind, "audio/"):
		return PartAudio
	default:
		return PartFile
	}
}

// geminiBase64 is base64 in the standard alphabet: the API takes the one for addresses as well.
func geminiBase64(data string) string {
	if strings.ContainsAny(data, "-_") {
		data = strings.NewReplacer("-", "+", "_", "/").Replace(data)
	}
	if rest := len(data) % 4; rest != 0 {
		data += strings.Repeat("=", 4-rest)
	}
	return data
}

// call reads a call. One without an id gets one, by which its result is found.
func (d *geminiRequest) call(part, v value) Part {
	c := &ToolCall{Name: v.get("name").text(), Args: Arguments(string(v.get("args")))}
	p := Part{Kind: PartToolCall, Call: c}
	id, signature, _ := OpenID(v.get("id").text())
	geminiOpen(&p, part.getCamel("thoughtSignature").text())
	if p.Signature.Empty() {
		p.Signature = signature
	}
	if c.ID = id; id == "" {
		d.minted++
		c.ID = "call_" + strconv.Itoa(d.minted)
	}
	d.open = append(d.open, c)
	return p
}

// result reads a result. One without an id belongs to the first call of that name that has none yet.
func (d *geminiRequest) result(at string, v value) (Part, error) {
	id, _, _ := OpenID(v.get("id").text())
	r := &ToolResult{CallID: id, Name: v.get("name").text()}
	for i, c := range d.open {
		if id == "" && c.Name == r.Name || id != "" && c.ID == id {
			r.CallID = c.ID
			d.open = append(d.open[:i:i], d.open[i+1:]...)
			break
		}
	}
	if r.CallID == "" {
		r.CallID = "call_of_" + r.Name
	}
	geminiResponse(r, v.get("response"))
	media, err := d.parts(at, v.get("parts"))
	if len(media) > 0 && len(r.Data) > 0 {
		r.Parts, r.Data = []Part{{Text: string(r.Data)}}, nil
	}
	r.Parts = append(r.Parts, media...)
	return Part{Kind: PartToolResult, Result: r}, err
}

// geminiResponse reads what a function has answered: by convention {"output": ...} or {"error": ...}.
func geminiResponse(r *ToolResult, v value) {
	members, output := 0, value(nil)
	// The request has been read as a whole: its objects are well-formed.
	_ = v.members(func(name []byte, member value) error {
		members++
		switch string(name) {
		case "error":
			r.Failed, output = true, member
		case "output", "result":
			output = member
		}
		return nil
	})
	switch {
	case members == 0:
	case members > 1 || output == nil:
		r.Data = v.raw()
	case output.isString():
		r.Parts = textParts(output.text())
	case output.isObject():
		r.Data = output.raw()
	default:
		r.Parts = textParts(string(output))
	}
}
