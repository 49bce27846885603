package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

func missingParam(name string) *fault {
	return badParam(name, "missing_required_parameter", "Missing required parameter: '"+name+"'.")
}

// check applies the rules that the real API enforces, in its words.
func (req *responsesRequest) check(s *Simulator) *fault {
	switch {
	case req.Model == "":
		return missingParam("model")
	case !isSet(req.Input) && req.PreviousResponseID == "":
		return missingParam("input")
	case len(req.items) == 0:
		return badParam("input", "empty_array", "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	case req.MaxOutputTokens != nil && *req.MaxOutputTokens < 16:
		return badParam("max_output_tokens", "integer_below_min_value", fmt.Sprintf("Invalid 'max_output_tokens': integer below minimum "+
			"value. Expected a value >= 16, but got %d instead.", *req.MaxOutputTokens))
	case isSet(req.StreamOptions) && !req.Stream:
		return badParam("stream_options", "", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case req.Temperature != nil && (*req.Temperature < 0 || *req.Temperature > 2):
		return badParam("temperature", "decimal_above_max_value", "Invalid 'temperature': decimal above maximum value. Expected a value <= 2.")
	}
	if f := req.Text.Format; f != nil && f.Type == "json_schema" {
		if f.Name == "" {
			return missingParam("text.format.name")
		}
		if f.Strict && !strictSchema(f.Schema) {
			return badParam("text.format.schema", "invalid_json_schema", "Invalid schema for response_format '"+f.Name+
				"': In context=(), 'additionalProperties' is required to be supplied and to be false.")
		}
	}
	for i, t := range req.Tools {
		if (t.Type == "function" || t.Type == "custom") && !claudeName.MatchString(t.Name) {
			return missingParam(fmt.Sprintf("tools[%d].name", i))
		}
		if t.Strict != nil && *t.Strict && !strictSchema(t.Parameters) {
			return badParam(fmt.Sprintf("tools[%d].parameters", i), "invalid_function_parameters", "Invalid schema for function '"+t.Name+
				"': In context=(), 'additionalProperties' is required to be supplied and to be false.")
		}
	}
	return req.checkItems(s)
}

// strictSchema tells whether an object's schema may be enforced: it allows no other members and demands all it has.
func strictSchema(schema raw) bool {
	var s struct {
		AdditionalProperties raw            `json:"additionalProperties"`
		Properties           map[string]raw `json:"properties"`
		Required             []string       `json:"required"`
	}
	return json.Unmarshal(schema, &s) == nil && string(s.AdditionalProperties) == "false" && len(s.Required) == len(s.Properties)
}

// checkItems demands an output for each call and a call for each output, and that each thought can be read and is
// followed by what it led to.
func (req *responsesRequest) checkItems(s *Simulator) *fault {
	var open []string
	waiting := make(map[string]bool)
	for i, item := range req.items {
		switch {
		case item.Type == "item_reference" && !s.stored.hasItem(item.ID):
			return &fault{status: http.StatusNotFound, param: "input", message: "Item with id '" + item.ID + "' not found. Items are not " +
				"persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."}
		case item.Type == "reasoning" && item.Encrypted != "" && !signedBy(openAISigner, item.Encrypted):
			return badParam("", "invalid_encrypted_content", "The encrypted content for item "+item.ID+" could not be verified. "+
				"Reason: Encrypted content could not be decrypted or parsed.")
		case item.Type == "reasoning" && (i+1 == len(req.items) || req.items[i+1].Role == "user" || strings.HasSuffix(req.items[i+1].Type, "_output")):
			return badParam("input", "", "Item '"+item.ID+"' of type 'reasoning' was provided without its required following item.")
		case item.Type == "function_call" || item.Type == "custom_tool_call":
			waiting[item.CallID] = true
			open = append(open, item.CallID)
		case item.Type == "function_call_output" || item.Type == "custom_tool_call_output":
			if !waiting[item.CallID] {
				return badParam("input", "", "No tool call found for function call output with call_id "+item.CallID+".")
			}
			delete(waiting, item.CallID)
		}
	}
	for _, id := range open {
		if waiting[id] {
			return badParam("input", "", "No tool output found for function call "+id+".")
		}
	}
	return nil
}
