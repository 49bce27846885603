package simulator

import (
	"fmt"
	"strings"
)

// responsesShape is that of a Responses request; never changed.
var responsesShape = newResponsesShape()

func newResponsesShape() *shape {
	return named("model", "instructions", "previous_response_id", "conversation", "store", "background", "stream", "include",
		"max_output_tokens", "max_tool_calls", "temperature", "top_p", "top_logprobs", "tool_choice", "parallel_tool_calls",
		"prompt", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "user", "metadata",
		"service_tier", "truncation", "context_management", "client_metadata", "moderation").
		and("stream_options", named("include_obfuscation")).
		and("reasoning", named("effort", "summary", "generate_summary", "context", "mode")).
		and("text", named("verbosity").and("format", named("type", "name", "schema", "strict", "description"))).
		and("tools", list(responsesToolShape())).
		and("input", list(responsesItemShape()))
}

func responsesToolShape() *shape {
	kinds := map[string]*shape{
		"function": named("type", "name", "description", "parameters", "strict", "defer_loading"),
		"custom":   named("type", "name", "description", "format", "defer_loading"),
	}
	for _, name := range []string{
		"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11", "code_interpreter",
		"file_search", "mcp", "image_generation", "computer_use_preview", "computer", "local_shell", "shell", "apply_patch",
		"tool_search", "namespace",
	} {
		kinds[name] = nil
	}
	return &shape{kinds: kinds}
}

func responsesItemShape() *shape {
	part := &shape{kinds: map[string]*shape{
		"input_text": named("type", "text"), "input_image": named("type", "image_url", "file_id", "detail"),
		"input_file":  named("type", "filename", "file_data", "file_id", "file_url", "detail"),
		"output_text": named("type", "text", "annotations", "logprobs"), "refusal": named("type", "refusal"),
		"input_audio": named("type", "input_audio"),
	}}
	kinds := map[string]*shape{
		"message":       named("type", "id", "role", "status", "phase").and("content", list(part)),
		"function_call": named("type", "id", "call_id", "name", "arguments", "status", "namespace", "caller"),
		"function_call_output": named("type", "id", "call_id", "status", "caller").
			and("output", list(part)),
		"custom_tool_call":        named("type", "id", "call_id", "name", "input", "namespace", "status"),
		"custom_tool_call_output": named("type", "id", "call_id").and("output", list(part)),
		"reasoning": named("type", "id", "encrypted_content", "status").and("summary", list(named("type", "text"))).
			and("content", list(named("type", "text"))),
		"item_reference": named("type", "id"),
	}
	for _, name := range []string{
		"web_search_call", "code_interpreter_call", "file_search_call", "compaction", "computer_call", "computer_call_output",
		"image_generation_call", "local_shell_call", "local_shell_call_output", "shell_call", "shell_call_output",
		"apply_patch_call", "apply_patch_call_output", "mcp_list_tools", "mcp_call", "mcp_approval_request",
		"mcp_approval_response", "additional_tools", "tool_search_call", "tool_search_output",
	} {
		kinds[name] = nil
	}
	return &shape{kinds: kinds, fallback: "message"}
}

// openAIPath writes a path as OpenAI's messages do.
func openAIPath(path []step) string {
	var b strings.Builder
	for _, at := range path {
		switch {
		case at.isKind:
		case at.name == "":
			fmt.Fprintf(&b, "[%d]", at.index)
		case b.Len() > 0:
			b.WriteString("." + at.name)
		default:
			b.WriteString(at.name)
		}
	}
	return b.String()
}

// responsesStray refuses a member or a type that the API does not know.
func responsesStray(found *stray) *fault {
	at := openAIPath(found.path)
	if found.name == "" {
		if found.kind == "" {
			return badParam(at+".type", "missing_required_parameter", "Missing required parameter: '"+at+".type'.")
		}
		return badParam(at, "invalid_value", "Invalid value: '"+found.kind+"'.")
	}
	if at != "" {
		at += "."
	}
	return badParam(at+found.name, "unknown_parameter", "Unknown parameter: '"+at+found.name+"'.")
}
