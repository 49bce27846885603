package dialect

import (
	"net/http"
	"strings"
)

// DecodeResponse reads a whole answer. An answer that the model could not write properly is an *Error.
func (c gemini) DecodeResponse(body []byte, x *Exchange) (*Response, error) {
	v, err := openValue(body)
	if err != nil {
		return nil, err
	}
	r := &Response{ID: v.get("responseId").text(), Model: v.get("modelVersion").text()}
	r.Usage, r.Counted = c.usage(v.get("usageMetadata"))
	for _, candidate := range raws(v.get("candidates")) {
		choice, fault := c.candidate(candidate, x)
		if fault != nil {
			return nil, fault
		}
		r.Choices = append(r.Choices, choice)
	}
	if reason := v.get("promptFeedback").get("blockReason").text(); reason != "" {
		r.Choices = []Choice{{Stop: Stop{Reason: StopFilter, Detail: geminiBlocked(reason)}}}
	}
	if len(r.Choices) == 0 {
		return nil, &FieldError{Field: "candidates", Reason: "is missing"}
	}
	return r, nil
}

func geminiBlocked(reason string) string { return "the prompt was blocked: " + clipWord(reason) }

func (gemini) candidate(v value, x *Exchange) (Choice, *Error) {
	var choice Choice
	for _, part := range raws(v.get("content").get("parts")) {
		p, ok := geminiAnswerPart(part, x.Target.Vendor)
		if ok && (p.Kind != PartText || p.Text != "") {
			choice.Parts = appendText(choice.Parts, p)
		} else if n := len(choice.Parts); n > 0 && choice.Parts[n-1].Signature.Empty() {
			choice.Parts[n-1].Signature = p.Signature
		}
	}
	stop, fault := geminiStop(v)
	choice.Stop = stop
	if grounding := v.get("groundingMetadata"); grounding.isObject() {
		citations, search := geminiGrounding(grounding)
		for i := range choice.Parts {
			if choice.Parts[i].Kind == PartText {
				choice.Parts[i].Citations = citations
				break
			}
		}
		choice.Parts = append(choice.Parts, search...)
	}
	return choice, fault
}

// appendText joins texts and thoughts that follow each other.
func appendText(parts []Part, p Part) []Part {
	if n := len(parts); n > 0 && parts[n-1].Kind == p.Kind && (p.Kind == PartText || p.Kind == PartThinking) {
		last := &parts[n-1]
		last.Text += p.Text
		if !p.Signature.Empty() {
			last.Signature = p.Signature
		}
		return parts
	}
	return append(parts, p)
}

// geminiAnswerPart reads a part of an answer.
func geminiAnswerPart(v value, vendor Vendor) (Part, bool) {
	var p Part
	ok := true
	if call := v.get("functionCall"); call.isObject() {
		p = Part{Kind: PartToolCall, Call: &ToolCall{
			ID: call.get("id").text(), Name: call.get("name").text(), Args: Arguments(string(call.get("args"))),
		}}
	} else {
		p, ok = geminiPart(v)
	}
	if text := v.get("thoughtSignature").text(); text != "" {
		p.Signature = Signature{Origin: vendor, Value: text}
	}
	return p, ok
}

// geminiStop reads why a candidate ended. Calls are seen from the parts: their reason is STOP as well.
func geminiStop(v value) (Stop, *Error) {
	word := v.get("finishReason").text()
	s := Stop{Detail: v.get("finishMessage").text()}
	switch word {
	case "":
	case "STOP":
		s.Reason = StopEnd
	case "MAX_TOKENS":
		s.Reason = StopMaxTokens
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		s.Reason = StopFilter
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
		"MISSING_THOUGHT_SIGNATURE":
		s.Reason = StopMalformed
		message := "the model could not write its answer: " + word
		if s.Detail != "" {
			message += ": " + s.Detail
		}
		return s, &Error{Status: http.StatusBadGateway, Kind: KindServer, Code: strings.ToLower(word), Message: message}
	default:
		s.Reason = StopEnd
	}
	return s, nil
}

// geminiGrounding reads what was searched for and found, and which words rest on it.
func geminiGrounding(v value) (citations []Citation, search []Part) {
	result := &ServerResult{Tool: ServerWebSearch}
	for _, chunk := range raws(v.get("groundingChunks")) {
		web := chunk.get("web")
		result.Sources = append(result.Sources, Source{URL: web.get("uri").text(), Title: web.get("title").text()})
	}
	for _, support := range raws(v.get("groundingSupports")) {
		for _, index := range raws(support.get("groundingChunkIndices")) {
			n, ok := index.integer()
			if !ok || n < 0 || int(n) >= len(result.Sources) {
				continue
			}
			source := &result.Sources[n]
			citations = append(citations, Citation{
				URL: source.URL, Title: source.Title, Quoted: support.get("segment").get("text").text(), Document: -1,
			})
		}
	}
	queries := raws(v.get("webSearchQueries"))
	if len(queries) == 0 {
		return citations, nil
	}
	id := "search_1"
	result.CallID = id
	return citations, []Part{
		{Kind: PartServerCall, ServerCall: &ServerCall{ID: id, Tool: ServerWebSearch, Query: queries[0].text()}},
		{Kind: PartServerResult, ServerResult: result},
	}
}

// EncodeResponse appends a whole answer.
func (c gemini) EncodeResponse(dst []byte, r *Response, x *Exchange) []byte {
	w := writer{buf: dst}
	w.open('{')
	w.openArray("candidates")
	for i := range r.Choices {
		choice := &r.Choices[i]
		w.open('{')
		w.openObject("content")
		w.openArray("parts")
		for j := range choice.Parts {
			geminiWritePart(&w, &choice.Parts[j])
		}
		w.close(']')
		w.str("role", "model")
		w.close('}')
		geminiWriteStop(&w, choice.Stop)
		w.int("index", int64(i))
		var grounding geminiFound
		for j := range choice.Parts {
			grounding.add(&choice.Parts[j])
		}
		grounding.write(&w)
		w.close('}')
	}
	w.close(']')
	c.writeTail(&w, r.ID, &r.Usage, x)
	w.close('}')
	return w.buf
}

// writeTail appends what stands beside the candidates.
func (c gemini) writeTail(w *writer, id string, u *Usage, x *Exchange) {
	if u != nil {
		c.writeUsage(w, u)
	}
	w.str("modelVersion", x.Request.Model)
	if id == "" {
		id = x.MintID("resp", 0)
	}
	w.str("responseId", id)
}

// geminiWriteStop appends finishReason.
func geminiWriteStop(w *writer, s Stop) {
	switch s.Reason {
	case StopMaxTokens, StopContext:
		w.str("finishReason", "MAX_TOKENS")
	case StopFilter, StopRefusal:
		w.str("finishReason", "SAFETY")
		w.optStr("finishMessage", s.Detail)
	case StopMalformed:
		w.str("finishReason", "MALFORMED_FUNCTION_CALL")
	default:
		w.str("finishReason", "STOP")
	}
}

// geminiWritePart appends a part of an answer, but for searches, which stand beside the content.
func geminiWritePart(w *writer, p *Part) {
	switch {
	case p.ServerCall != nil && p.ServerCall.Tool != ServerCodeInterpreter, p.ServerResult != nil && p.ServerResult.Tool != ServerCodeInterpreter:
		return
	case p.Kind == PartToolResult:
		return // Never part of an answer.
	}
	w.open('{')
	switch {
	case p.Kind == PartThinking:
		w.str("text", p.Text)
		w.bool("thought", true)
	case p.Call != nil:
		args := p.Call.Args
		if len(args) == 0 {
			args = []byte("{}")
		}
		w.openObject("functionCall")
		w.optStr("id", p.Call.ID)
		w.str("name", p.Call.Name)
		w.raw("args", args)
		w.close('}')
	case p.Media != nil && p.Media.Data != "":
		w.openObject("inlineData")
		w.str("mimeType", p.Media.Type)
		w.str("data", p.Media.Data)
		w.close('}')
	case p.Media != nil:
		w.openObject("fileData")
		w.optStr("mimeType", p.Media.Type)
		w.str("fileUri", p.Media.Address())
		w.close('}')
	case p.ServerCall != nil:
		w.openObject("executableCode")
		w.str("language", "PYTHON")
		w.str("code", p.ServerCall.Code)
		w.close('}')
	case p.ServerResult != nil:
		geminiWriteOutput(w, p.ServerResult)
	default:
		w.str("text", p.Text)
	}
	w.optStr("thoughtSignature", geminiSeal(p))
	w.close('}')
}

func geminiWriteOutput(w *writer, r *ServerResult) {
	outcome := "OUTCOME_OK"
	var output strings.Builder
	output.WriteString(r.Failure)
	for i := range r.Outputs {
		o := &r.Outputs[i]
		if o.Failed {
			outcome = "OUTCOME_FAILED"
		}
		output.WriteString(o.Logs)
		if o.Image != nil {
			output.WriteString(o.Image.Address())
		}
	}
	if r.Failure != "" {
		outcome = "OUTCOME_FAILED"
	}
	w.openObject("codeExecutionResult")
	w.str("outcome", outcome)
	w.str("output", output.String())
	w.close('}')
}
