package dialect

import (
	"errors"
	"strconv"
)

// errAnthropicBlock is a block of content that the gateway does not know.
var errAnthropicBlock = errors.New("unknown block of content")

// content reads a string or an array of blocks. At names it for messages to the client.
func (r *anthropicReader) content(v value, at string) ([]Part, error) {
	switch {
	case v.isNull():
		return nil, nil
	case v.isString():
		return textParts(v.text()), nil
	case !v.isArray():
		return nil, &FieldError{Field: at, Reason: "must be a string or an array of blocks"}
	}
	var parts []Part
	err := v.elements(func(i int, block value) error {
		where := indexed(at, i)
		p, err := r.block(block, where)
		switch {
		case errors.Is(err, errAnthropicBlock):
			if r.report != nil {
				r.report.RefuseName(where, "is of type "+strconv.Quote(block.get("type").text())+", which the gateway can't translate")
			}
			return nil
		case err != nil:
			return err
		}
		if p.Kind != PartText || p.Text != "" {
			parts = append(parts, p)
		}
		return nil
	})
	return parts, err
}

// textParts is a text as parts: an empty one is none.
func textParts(text string) []Part {
	if text == "" {
		return nil
	}
	return []Part{{Text: text}}
}

// block reads one block.
func (r *anthropicReader) block(v value, at string) (Part, error) {
	p := Part{Cache: r.cacheMark(v.get("cache_control"))}
	switch kind := v.get("type").text(); kind {
	case "text":
		p.Text = v.get("text").text()
		p.Citations = anthropicCitations(v.get("citations"))
	case "image":
		p.Kind = PartImage
		p.Media = &Media{}
		return p, anthropicSource(p.Media, v.get("source"), at+".source")
	case "document":
		p.Kind = PartFile
		p.Media = &Media{
			Name: v.get("title").text(), Context: v.get("context").text(), Cite: v.get("citations").get("enabled").isTrue(),
		}
		return p, anthropicSource(p.Media, v.get("source"), at+".source")
	case "search_result":
		p.Kind = PartFile
		found, err := r.content(v.get("content"), at+".content")
		p.Media = &Media{
			Type: "text/plain", Text: JoinText(found, "\n"), Name: v.get("title").text(), Context: v.get("source").text(),
			Cite: v.get("citations").get("enabled").isTrue(),
		}
		return p, err
	case "tool_use":
		id, signature := r.callID(v.get("id").text())
		p.Kind, p.Signature = PartToolCall, signature
		p.Call = &ToolCall{ID: id, Name: v.get("name").text(), Args: Arguments(string(v.get("input")))}
	case "tool_result":
		return r.toolResult(p, v, at)
	case "thinking":
		p.Kind, p.Cache = PartThinking, nil
		p.Text, p.Signature = v.get("thinking").text(), r.sign(v.get("signature").text())
	case "redacted_thinking":
		p.Kind, p.Cache = PartThinking, nil
		p.Encrypted, p.Signature = true, r.sign(v.get("data").text())
	default:
		return r.serverBlock(p, kind, v)
	}
	return p, nil
}

func (r *anthropicReader) toolResult(p Part, v value, at string) (Part, error) {
	id, _ := r.callID(v.get("tool_use_id").text())
	parts, err := r.content(v.get("content"), at+".content")
	p.Kind = PartToolResult
	p.Result = &ToolResult{CallID: id, Parts: parts, Failed: v.get("is_error").isTrue()}
	return p, err
}

// anthropicSource reads the source of an image or a document.
func anthropicSource(m *Media, v value, at string) error {
	m.Type = v.get("media_type").text()
	switch kind := v.get("type").text(); kind {
	case "base64":
		m.Data = v.get("data").text()
	case "url":
		m.URL = v.get("url").text()
	case "file":
		m.FileID, m.Vendor = v.get("file_id").text(), VendorAnthropic
	case "text":
		m.Text = v.get("data").text()
	case "content":
		return anthropicDocument(m, v.get("content"), at)
	default:
		return &FieldError{Field: at + ".type", Reason: "must be base64, url, file, text or content"}
	}
	return nil
}

// anthropicDocument reads a document that is given as blocks, which must be texts.
func anthropicDocument(m *Media, v value, at string) error {
	m.Type = "text/plain"
	if v.isString() {
		m.Text = v.text()
		return nil
	}
	return v.elements(func(i int, block value) error {
		if block.get("type").text() != "text" {
			return &FieldError{Field: indexed(at+".content", i), Reason: "must be a text to be translated"}
		}
		if m.Text != "" {
			m.Text += "\n"
		}
		m.Text += block.get("text").text()
		return nil
	})
}

// serverBlock reads the use of a tool that the upstream runs, or what it has yielded.
func (r *anthropicReader) serverBlock(p Part, kind string, v value) (Part, error) {
	switch kind {
	case "server_tool_use":
		p.Kind = PartServerCall
		p.ServerCall = anthropicServerCall(v.get("id").text(), v.get("name").text(), v.get("input"))
	case "web_search_tool_result":
		p.Kind = PartServerResult
		p.ServerResult = r.searchResult(v)
	case "web_fetch_tool_result":
		p.Kind = PartServerResult
		content := v.get("content")
		p.ServerResult = &ServerResult{
			CallID: v.get("tool_use_id").text(), Tool: ServerURLContext, Failure: content.get("error_code").text(),
		}
		if url := content.get("url").text(); url != "" {
			source := Source{URL: url, Title: content.get("content").get("title").text()}
			source.Snippet = content.get("content").get("source").get("data").text()
			p.ServerResult.Sources = []Source{source}
		}
	case "code_execution_tool_result", "bash_code_execution_tool_result":
		p.Kind = PartServerResult
		p.ServerResult = anthropicCodeResult(v)
	default:
		return p, errAnthropicBlock
	}
	return p, nil
}

func anthropicServerCall(id, name string, input value) *ServerCall {
	tool := anthropicServerTool(name)
	if tool == "" {
		tool = ServerTool(name)
	}
	call := &ServerCall{ID: id, Tool: tool, Input: input.raw()}
	call.Query, call.URL = input.get("query").text(), input.get("url").text()
	call.Code, call.Language = input.get("code").text(), "python"
	if command := input.get("command").text(); command != "" {
		call.Code, call.Language = command, "bash"
	}
	if call.Code == "" {
		call.Language = ""
	}
	return call
}

func (r *anthropicReader) searchResult(v value) *ServerResult {
	result := &ServerResult{CallID: v.get("tool_use_id").text(), Tool: ServerWebSearch}
	content := v.get("content")
	result.Failure = content.get("error_code").text()
	// An upstream's array is well-formed: its message has been read as a whole.
	_ = content.elements(func(_ int, found value) error {
		source := Source{URL: found.get("url").text(), Title: found.get("title").text(), Age: found.get("page_age").text()}
		if text := found.get("encrypted_content").text(); text != "" {
			source.Encrypted = r.sign(text)
		}
		result.Sources = append(result.Sources, source)
		return nil
	})
	return result
}

func anthropicCodeResult(v value) *ServerResult {
	content := v.get("content")
	result := &ServerResult{
		CallID: v.get("tool_use_id").text(), Tool: ServerCodeInterpreter, Failure: content.get("error_code").text(),
	}
	if out := content.get("stdout").text(); out != "" {
		result.Outputs = append(result.Outputs, CodeOutput{Logs: out})
	}
	if out := content.get("stderr").text(); out != "" {
		result.Outputs = append(result.Outputs, CodeOutput{Logs: out, Failed: true})
	}
	return result
}

// anthropicCitations reads where a text comes from.
func anthropicCitations(v value) []Citation {
	var list []Citation
	_ = v.elements(func(_ int, c value) error {
		list = append(list, anthropicCitation(c))
		return nil
	})
	return list
}

func anthropicCitation(v value) Citation {
	c := Citation{
		Title: v.get("title").text(), URL: v.get("url").text(), Quoted: v.get("cited_text").text(),
		Document: -1, Raw: v.raw(), Vendor: VendorAnthropic,
	}
	if c.Title == "" {
		c.Title = v.get("document_title").text()
	}
	if c.URL == "" {
		c.URL = v.get("source").text()
	}
	if n, ok := v.get("document_index").integer(); ok {
		c.Document = int(n)
	}
	return c
}
