package simulator

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// messagesShape is that of a Messages request; never changed.
var messagesShape = newMessagesShape()

func newMessagesShape() *shape {
	return named("model", "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "service_tier",
		"container", "context_management", "mcp_servers", "inference_geo", "speed", "diagnostics").
		and("system", list(claudeBlockShape(nil))).
		and("messages", list(named("role").and("content", list(claudeBlockShape(claudeBlockShape(nil)))))).
		and("thinking", &shape{kinds: map[string]*shape{
			"enabled": named("type", "budget_tokens", "display"), "adaptive": named("type", "display"), "disabled": named("type"),
			"between_tools": named("type"),
		}}).
		and("tools", list(claudeToolShape())).
		and("tool_choice", &shape{kinds: map[string]*shape{
			"auto": named("type", "disable_parallel_tool_use"), "any": named("type", "disable_parallel_tool_use"),
			"tool": named("type", "name", "disable_parallel_tool_use"), "none": named("type"),
		}}).
		and("metadata", named("user_id")).
		and("cache_control", named("type", "ttl")).
		and("output_config", named("effort", "task_budget").and("format", named("type", "schema"))).
		and("output_format", named("type", "schema"))
}

// claudeBlockShape is that of a content block; inner is that of the blocks in a tool's result.
func claudeBlockShape(inner *shape) *shape {
	mark := named("type", "ttl")
	cached := func(names ...string) *shape {
		return named(append(names, "type")...).and("cache_control", mark)
	}
	source := &shape{kinds: map[string]*shape{
		"base64": named("type", "media_type", "data"), "url": named("type", "url"), "file": named("type", "file_id"),
		"text": named("type", "media_type", "data"), "content": named("type", "content"),
	}}
	result := func() *shape { return cached("tool_use_id", "content", "caller") }
	return &shape{kinds: map[string]*shape{
		"text":              cached("text", "citations"),
		"image":             cached().and("source", source),
		"document":          cached("title", "context").and("source", source).and("citations", named("enabled")),
		"tool_use":          cached("id", "name", "input", "caller"),
		"tool_result":       cached("tool_use_id", "is_error").and("content", list(inner)),
		"thinking":          named("type", "thinking", "signature"),
		"redacted_thinking": named("type", "data"),
		"search_result":     cached("source", "title").and("content", list(cached("text"))).and("citations", named("enabled")),
		"server_tool_use":   cached("id", "name", "input", "caller"), "web_search_tool_result": result(),
		"web_fetch_tool_result": result(), "code_execution_tool_result": result(),
		"bash_code_execution_tool_result": result(), "text_editor_code_execution_tool_result": result(),
		"tool_search_tool_result": result(), "container_upload": cached("file_id"), "tool_reference": cached("tool_name"),
		"mcp_tool_use": cached("id", "name", "input", "server_name"), "mcp_tool_result": cached("tool_use_id", "content", "is_error"),
	}}
}

// claudeToolShape is that of a tool: the client's own, or one of the vendor's versioned ones.
func claudeToolShape() *shape {
	kinds := map[string]*shape{
		"custom": named("type", "name", "description", "input_schema", "strict", "defer_loading", "eager_input_streaming",
			"input_examples", "allowed_callers").and("cache_control", named("type", "ttl")),
	}
	for _, name := range []string{
		"web_search_20250305", "web_search_20260209", "web_search_20260318", "web_fetch_20250910", "web_fetch_20260209",
		"code_execution_20250522", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521",
		"tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119", "bash_20250124", "text_editor_20250728",
		"text_editor_20250429", "text_editor_20250124", "memory_20250818", "computer_20250124", "computer_20251124",
	} {
		kinds[name] = nil
	}
	return &shape{kinds: kinds, fallback: "custom"}
}

// claudeStray refuses a member or a type that the API does not know.
func claudeStray(s *stray) *fault {
	var path strings.Builder
	for i, at := range s.path {
		switch {
		case at.name == "":
			path.WriteString(strconv.Itoa(at.index) + ".")
		case !at.isKind || i > 0:
			path.WriteString(at.name + ".")
		}
	}
	if s.kind == "" && s.name == "" {
		return badRequest(path.String() + "type: Field required")
	}
	if s.name == "" {
		return badRequest(strings.TrimSuffix(path.String(), ".") + ": Input tag '" + s.kind +
			"' found using 'type' does not match any of the expected tags")
	}
	return badRequest(path.String() + s.name + ": Extra inputs are not permitted")
}

// claudeTypeError words a member of the wrong type.
func claudeTypeError(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	want := map[string]string{"string": "string", "int": "integer", "float64": "number", "bool": "boolean"}[wrong.Type.Kind().String()]
	if want == "" {
		want = "list or object"
	}
	return wrong.Field + ": Input should be a valid " + want
}
