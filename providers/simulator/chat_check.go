package simulator

import "bytes"

// check applies the rules that the real API enforces. Unknown members pass, as they do with most of its likes.
func (req *chatRequest) check(sc *script) *fault {
	switch {
	case req.Model == "":
		return badRequest("you must provide a model parameter")
	case !isSet(req.Messages):
		return badParam("messages", "missing_required_parameter", "Missing required parameter: 'messages'.")
	case req.Messages[0] != '[':
		return badParam("messages", "invalid_type", "Invalid type for 'messages': expected an array of objects.")
	case len(bytes.Trim(req.Messages, "[] \t\r\n")) == 0:
		return badParam("messages", "empty_array", "Invalid 'messages': empty array.")
	case req.choices < 1 || req.choices > 128:
		return badParam("n", "integer_above_max_value", "Invalid 'n': integer out of range.")
	case isSet(req.StreamOptions) && !req.streamed:
		return badParam("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case sc.noMaxTokens && isSet(req.MaxTokens):
		return badParam("max_tokens", "unsupported_parameter",
			"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
	case isSet(req.ToolChoice) && !isSet(req.Tools) && string(req.ToolChoice) != `"none"`:
		return badParam("tool_choice", "", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
	case isSet(req.ParallelToolCalls) && !isSet(req.Tools):
		return badParam("parallel_tool_calls", "",
			"Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.")
	case bytes.Contains(req.Messages, []byte(`"tool`)):
		return checkToolOrder(req.decode())
	default:
		return nil
	}
}

// checkToolOrder demands an answer to each tool call before any other message, and a call for each answer.
func checkToolOrder(messages []chatMessage) *fault {
	open := make(map[string]bool)
	for _, m := range messages {
		if m.Role == "tool" {
			if !open[m.ToolCallID] {
				return badParam("messages", "", "Invalid parameter: messages with role 'tool' must be a response to a "+
					"preceding message with 'tool_calls'.")
			}
			delete(open, m.ToolCallID)
			continue
		}
		if len(open) > 0 {
			break
		}
		for _, call := range m.ToolCalls {
			open[call.ID] = true
		}
	}
	if len(open) > 0 {
		return badParam("messages", "", "An assistant message with 'tool_calls' must be followed by tool messages "+
			"responding to each 'tool_call_id'.")
	}
	return nil
}
