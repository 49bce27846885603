package dialect

// responsesServerKind is the type of the item that tells of the use of a server tool, and the prefix of its id; empty
// for tools that the dialect does not have.
func responsesServerKind(t ServerTool) (kind, prefix string) {
	switch t {
	case ServerWebSearch, ServerURLContext:
		return "web_search_call", "ws"
	case ServerCodeInterpreter:
		return "code_interpreter_call", "ci"
	default:
		return "", ""
	}
}

// responsesStatus is that of a use whose result is there.
func responsesStatus(r *ServerResult) string {
	if r != nil && r.Failure != "" {
		return "failed"
	}
	return "completed"
}

// responsesWriteServer appends the item of the use of a server tool, with its result as far as there is one.
func responsesWriteServer(w *writer, c *ServerCall, r *ServerResult, status string) {
	kind, _ := responsesServerKind(c.Tool)
	w.open('{')
	w.str("id", c.ID)
	w.str("type", kind)
	w.str("status", status)
	if c.Tool == ServerCodeInterpreter {
		w.str("code", c.Code)
		w.str("container_id", c.Container)
		w.openArray("outputs")
		if r != nil {
			responsesWriteOutputs(w, r.Outputs)
		}
		w.close(']')
	} else {
		w.key("action")
		responsesWriteAction(w, c, r)
	}
	w.close('}')
}

// responsesWriteAction appends what was looked for or opened, and what was found.
func responsesWriteAction(w *writer, c *ServerCall, r *ServerResult) {
	w.open('{')
	if c.URL != "" && c.Query == "" {
		w.str("type", "open_page")
		w.str("url", c.URL)
		w.close('}')
		return
	}
	w.str("type", "search")
	w.str("query", c.Query)
	if r != nil {
		w.openArray("sources")
		for i := range r.Sources {
			w.open('{')
			w.str("type", "url")
			w.str("url", r.Sources[i].URL)
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
}

func responsesWriteOutputs(w *writer, outputs []CodeOutput) {
	for i := range outputs {
		w.open('{')
		if image := outputs[i].Image; image != nil {
			w.str("type", "image")
			w.str("url", image.Address())
		} else {
			w.str("type", "logs")
			w.str("logs", outputs[i].Logs)
		}
		w.close('}')
	}
}
