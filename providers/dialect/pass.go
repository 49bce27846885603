package dialect

import "bytes"

// Passes tells whether the request of a client of the target's own dialect can go to the upstream as it is. One that
// can't must be decoded and encoded anew: it holds what the gateway has hidden there for another vendor, or asks for
// what the upstream has under another name.
func Passes(body []byte, to *Target) bool {
	switch {
	case Carries(body):
		return false
	case to.Vendor == VendorQwen && to.Dialect == OpenAIChat:
		return !qwenOtherwise(body)
	default:
		return true
	}
}

// qwenOtherwise tells whether a request of OpenAI Chat asks for a tool that Qwen knows as a switch, for its code
// interpreter, which runs in streams only, or names a function as Qwen does not allow.
func qwenOtherwise(body []byte) bool {
	if !bytes.Contains(body, []byte("search")) && !bytes.Contains(body, []byte("code_interpreter")) {
		return false
	}
	v, err := openValue(body)
	if err != nil {
		return false // The upstream says better what is wrong with it.
	}
	if v.get("web_search_options").isObject() || v.get("enable_code_interpreter").isTrue() && !v.get("stream").isTrue() {
		return true
	}
	found := false
	_ = v.get("tools").elements(func(_ int, tool value) error {
		_, server := chatServerTool(tool.get("type").text())
		found = found || server || tool.get("function").get("name").text() == "search"
		return nil
	})
	return found
}

// chatServerTool knows the server tools that clients put among the tools of OpenAI Chat, under the names that OpenAI
// Responses has for them.
func chatServerTool(kind string) (ServerTool, bool) {
	switch kind {
	case "web_search", "web_search_preview":
		return ServerWebSearch, true
	case "code_interpreter":
		return ServerCodeInterpreter, true
	default:
		return "", false
	}
}
