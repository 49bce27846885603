package dialect

import "strings"

// anthropicServerPrefix begins the ids that Anthropic gives to uses of its server tools.
const anthropicServerPrefix = "srvtoolu_"

// anthropicServerID makes the id of a use of a server tool look like one of Anthropic's.
func anthropicServerID(id string) string {
	if strings.HasPrefix(id, anthropicServerPrefix) {
		return id
	}
	return anthropicServerPrefix + strings.TrimPrefix(LegalID(id, 0), "call_")
}

// anthropicToolName is Anthropic's name for a server tool.
func anthropicToolName(t ServerTool) string {
	switch t {
	case ServerCodeInterpreter:
		return "code_execution"
	case ServerURLContext:
		return "web_fetch"
	default:
		return string(t)
	}
}

// anthropicInput is the input of the use of a server tool, made from what is known of it where the vendor told none.
func anthropicInput(call *ServerCall) []byte {
	if len(call.Input) > 0 && value(call.Input).isObject() {
		return call.Input
	}
	var w writer
	w.open('{')
	w.optStr("query", call.Query)
	w.optStr("code", call.Code)
	w.optStr("url", call.URL)
	w.close('}')
	return w.buf
}

func anthropicWriteServerCall(w *writer, call *ServerCall, input []byte) {
	w.open('{')
	w.str("type", "server_tool_use")
	w.str("id", anthropicServerID(call.ID))
	w.str("name", anthropicToolName(call.Tool))
	if len(input) == 0 {
		input = []byte("{}")
	}
	w.raw("input", input)
	w.close('}')
}

// anthropicWriteServerResult appends the block of a result. Searches of other vendors have no encrypted content; their
// origin's is sealed, empty for none.
func anthropicWriteServerResult(w *writer, r *ServerResult) {
	name := anthropicToolName(r.Tool)
	w.open('{')
	w.str("type", name+"_tool_result")
	w.str("tool_use_id", anthropicServerID(r.CallID))
	switch {
	case r.Failure != "":
		w.openObject("content")
		w.str("type", name+"_tool_result_error")
		w.str("error_code", r.Failure)
		w.close('}')
	case r.Tool == ServerCodeInterpreter:
		anthropicWriteOutput(w, r.Outputs)
	case r.Tool == ServerURLContext:
		anthropicWriteFetched(w, r.Sources)
	default:
		w.openArray("content")
		for i := range r.Sources {
			source := &r.Sources[i]
			w.open('{')
			w.str("type", "web_search_result")
			w.str("url", source.URL)
			w.str("title", source.Title)
			w.str("encrypted_content", source.Encrypted.Seal(VendorAnthropic))
			if source.Age == "" {
				w.null("page_age")
			} else {
				w.str("page_age", source.Age)
			}
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
}

func anthropicWriteOutput(w *writer, outputs []CodeOutput) {
	var out, failed strings.Builder
	for _, o := range outputs {
		switch {
		case o.Failed:
			failed.WriteString(o.Logs)
		case o.Image != nil:
			out.WriteString(anthropicLink(o.Image))
		default:
			out.WriteString(o.Logs)
		}
	}
	w.openObject("content")
	w.str("type", "code_execution_result")
	w.str("stdout", out.String())
	w.str("stderr", failed.String())
	code := int64(0)
	if failed.Len() > 0 {
		code = 1
	}
	w.int("return_code", code)
	w.openArray("content")
	w.close(']')
	w.close('}')
}

func anthropicWriteFetched(w *writer, sources []Source) {
	var page Source
	if len(sources) > 0 {
		page = sources[0]
	}
	w.openObject("content")
	w.str("type", "web_fetch_result")
	w.str("url", page.URL)
	w.openObject("content")
	w.str("type", "document")
	w.openObject("source")
	w.str("type", "text")
	w.str("media_type", "text/plain")
	w.str("data", page.Snippet)
	w.close('}')
	w.optStr("title", page.Title)
	w.close('}')
	w.close('}')
}

// anthropicLink is a picture in Markdown: answers have no other place for one.
func anthropicLink(m *Media) string {
	name := m.Name
	if name == "" {
		name = "image"
	}
	return "![" + name + "](" + m.Address() + ")"
}
