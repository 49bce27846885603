package simulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var geminiName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$`)

// check applies the rules that the real API enforces, in its words.
func (req *geminiRequest) check(sc *script) *fault {
	config := &req.GenerationConfig
	calling := &req.ToolConfig.FunctionCallingConfig
	switch {
	case len(req.Contents) == 0:
		return badRequest("* GenerateContentRequest.contents: contents is not specified\n")
	case config.CandidateCount > 1:
		return badRequest("Multiple candidates is not enabled for this model")
	case len(config.StopSequences) > 5:
		return badRequest("Unable to submit request because the number of stop sequences must not exceed 5.")
	case config.ThinkingConfig.ThinkingBudget != nil && config.ThinkingConfig.ThinkingLevel != "":
		return badRequest("You can only set only one of thinking budget and thinking level.")
	case isSet(config.ResponseSchema) && isSet(config.ResponseJSONSchema):
		return badRequest("Only one of response_schema and response_json_schema can be set.")
	case (isSet(config.ResponseSchema) || isSet(config.ResponseJSONSchema)) && config.ResponseMimeType != "application/json" &&
		config.ResponseMimeType != "text/x.enum":
		return badRequest("* GenerateContentRequest.generation_config.response_schema: only allowed when response_mime_type is " +
			"application/json or text/x.enum\n")
	case len(calling.AllowedFunctionNames) > 0 && calling.Mode != "ANY" && calling.Mode != "VALIDATED":
		return badRequest("Function calling config is set without function_declarations, or allowed_function_names is set " +
			"while mode is not ANY.")
	}
	if f := checkGeminiSchema("generation_config.response_schema", config.ResponseSchema); f != nil {
		return f
	}
	if f := req.checkTools(); f != nil {
		return f
	}
	for i := range req.Contents {
		if f := req.Contents[i].check(i); f != nil {
			return f
		}
	}
	if f := req.checkTurns(); f != nil {
		return f
	}
	if sc.signed || strings.HasPrefix(req.model, "gemini-3") {
		return req.checkSignatures()
	}
	return nil
}

func (req *geminiRequest) checkTools() *fault {
	for i, t := range req.Tools {
		for j, f := range t.FunctionDeclarations {
			at := fmt.Sprintf("tools[%d].function_declarations[%d]", i, j)
			switch {
			case !geminiName.MatchString(f.Name):
				return badRequest("* GenerateContentRequest." + at + ".name: Invalid function name. Must start with a letter or an " +
					"underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), " +
					"with a maximum length of 64.\n")
			case isSet(f.Parameters) && isSet(f.ParametersJSONSchema):
				return badRequest("Only one of parameters and parameters_json_schema can be set in " + at + ".")
			}
			if fault := checkGeminiSchema(at+".parameters", f.Parameters); fault != nil {
				return fault
			}
		}
	}
	return nil
}

// checkGeminiSchema looks at what a schema says; which members it may have has been checked already.
func checkGeminiSchema(at string, schema raw) *fault {
	if !isSet(schema) {
		return nil
	}
	var tree any
	_ = json.Unmarshal(schema, &tree) // it is part of a body that could be read
	s, ok := tree.(map[string]any)
	if !ok {
		return badRequest("Invalid value at '" + at + "' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema), " + string(schema))
	}
	return checkSchemaNode(at, s)
}

func checkSchemaNode(at string, s map[string]any) *fault {
	kind, isText := s["type"].(string)
	if s["type"] != nil && !isText {
		return badRequest(`Invalid JSON payload received. Unknown name "type" at '` + at + `': Proto field is not repeating, cannot start list.`)
	}
	kind = strings.ToUpper(kind)
	properties, _ := s["properties"].(map[string]any)
	refuse := func(member, why string) *fault {
		return badRequest("* GenerateContentRequest." + at + "." + member + ": " + why + "\n")
	}
	switch format, _ := s["format"].(string); {
	case kind != "" && !slices.Contains([]string{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}, kind):
		return badRequest("Invalid value at '" + at + ".type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), " + quote(kind))
	case kind == "ARRAY" && s["items"] == nil:
		return refuse("items", "missing field.")
	case kind == "OBJECT" && properties != nil && len(properties) == 0:
		return refuse("properties", "should be non-empty for OBJECT type")
	case s["enum"] != nil && kind != "STRING" && kind != "":
		return refuse("enum", "only allowed for STRING type")
	case kind == "STRING" && format != "" && format != "enum" && format != "date-time":
		return refuse("format", "only 'enum' and 'date-time' are supported for STRING type")
	}
	required, _ := s["required"].([]any)
	for i, name := range required {
		if name, _ := name.(string); properties[name] == nil {
			return refuse(fmt.Sprintf("required[%d]", i), "property is not defined")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if f := checkSchemaChild(at+".properties["+name+"]", properties[name]); f != nil {
			return f
		}
	}
	return checkSchemaChild(at+".items", s["items"])
}

func checkSchemaChild(at string, child any) *fault {
	if child == nil {
		return nil
	}
	s, ok := child.(map[string]any)
	if !ok {
		return badRequest(fmt.Sprintf("Invalid value at '%s' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema), %v", at, child))
	}
	return checkSchemaNode(at, s)
}

// check looks at one content for itself.
func (c *geminiContent) check(i int) *fault {
	if r := c.role(); r != "user" && r != "model" {
		return badRequest("Please use a valid role: user, model.")
	}
	if len(c.Parts) == 0 {
		return badRequest(fmt.Sprintf("* GenerateContentRequest.contents[%d].parts: contents.parts must not be empty.\n", i))
	}
	for j, p := range c.Parts {
		at := fmt.Sprintf("contents[%d].parts[%d]", i, j)
		switch {
		case p.Text == nil && p.InlineData == nil && p.FileData == nil && p.FunctionCall == nil && p.FunctionResponse == nil:
			if p.ThoughtSignature == "" && c.role() == "user" {
				return badRequest("* GenerateContentRequest." + at + ".data: required oneof field 'data' must have one initialized field\n")
			}
		case p.InlineData != nil:
			if _, err := base64.StdEncoding.DecodeString(p.InlineData.Data); err != nil {
				return badRequest("Invalid value at '" + at + ".inline_data.data' (TYPE_BYTES), Base64 decoding failed for " + quote(p.InlineData.Data))
			}
			if !strings.Contains(p.InlineData.MimeType, "/") {
				return badRequest("Unsupported MIME type: " + p.InlineData.MimeType)
			}
		case p.FunctionResponse != nil && !validObject(p.FunctionResponse.Response):
			return badRequest("Invalid value at '" + at + ".function_response.response' (type.googleapis.com/google.protobuf.Struct), " +
				string(p.FunctionResponse.Response))
		case p.FunctionResponse != nil && p.FunctionResponse.Name == "":
			return badRequest("* GenerateContentRequest." + at + ".function_response.name: Name cannot be empty.\n")
		}
	}
	return nil
}

// checkTurns demands as many results as there were calls, right after them.
func (req *geminiRequest) checkTurns() *fault {
	pending := 0
	for i, c := range req.Contents {
		calls, results := 0, 0
		for _, p := range c.Parts {
			if p.FunctionCall != nil {
				calls++
			}
			if p.FunctionResponse != nil {
				results++
			}
		}
		switch {
		case pending > 0 && results != pending:
			return badRequest("Please ensure that the number of function response parts is equal to the number of function call parts " +
				"of the function call turn.")
		case pending == 0 && results > 0:
			return badRequest("Please ensure that function response turn comes immediately after a function call turn.")
		case calls > 0 && (i == 0 || req.Contents[i-1].role() != "user"):
			return badRequest("Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
		}
		pending = calls
	}
	return nil
}

// anySignature is taken for the signature of a call that another vendor's model made.
const anySignature = "skip_thought_signature_validator"

// checkSignatures demands the signature on the first call of each step of the current turn.
func (req *geminiRequest) checkSignatures() *fault {
	from := 0
	for i, c := range req.Contents {
		if c.role() == "user" && slices.ContainsFunc(c.Parts, func(p geminiPart) bool { return p.FunctionResponse == nil }) {
			from = i
		}
	}
	for i, c := range req.Contents {
		j := slices.IndexFunc(c.Parts, func(p geminiPart) bool { return p.FunctionCall != nil })
		if i < from || j < 0 {
			continue
		}
		switch signature := c.Parts[j].ThoughtSignature; {
		case signature == "":
			return badRequest("Function call is missing a thought_signature in functionCall parts. This is required for tools to work " +
				"correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `" +
				fmt.Sprintf("default_api:%s` , position %d. ", c.Parts[j].FunctionCall.Name, i+1) +
				"Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.")
		case signature != anySignature && !signedBy(geminiSigner, signature):
			return badRequest("Corrupted thought signature.")
		}
	}
	return nil
}
