package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// geminiShape is that of a generateContent request, geminiSchema that of the schemas in it; never changed.
var (
	geminiSchema = newGeminiSchema()
	geminiShape  = newGeminiShape()
)

func newGeminiSchema() *shape {
	s := named("type", "format", "title", "description", "nullable", "enum", "default", "example", "minItems", "maxItems",
		"required", "propertyOrdering", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern")
	return s.and("items", s).and("properties", &shape{values: s}).and("anyOf", list(s))
}

func newGeminiShape() *shape {
	return named("model", "safetySettings", "cachedContent", "labels", "serviceTier", "store").
		and("systemInstruction", geminiContentShape()).
		and("contents", list(geminiContentShape())).
		and("tools", list(named("googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "googleMaps", "fileSearch", "computerUse").
			and("functionDeclarations", list(named("name", "description", "parametersJsonSchema", "responseJsonSchema", "behavior").
				and("parameters", geminiSchema).and("response", geminiSchema))))).
		and("toolConfig", named("retrievalConfig", "includeServerSideToolInvocations").
			and("functionCallingConfig", named("mode", "allowedFunctionNames", "streamFunctionCallArguments"))).
		and("generationConfig", named("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences",
			"responseMimeType", "responseJsonSchema", "responseModalities", "seed", "presencePenalty", "frequencyPenalty",
			"responseLogprobs", "logprobs", "mediaResolution", "speechConfig", "imageConfig", "enableEnhancedCivicAnswers").
			and("responseSchema", geminiSchema).
			and("thinkingConfig", named("includeThoughts", "thinkingBudget", "thinkingLevel")))
}

func geminiContentShape() *shape {
	blob := named("mimeType", "data", "displayName")
	file := named("mimeType", "fileUri", "displayName")
	return named("role").and("parts", list(
		named("text", "thought", "thoughtSignature", "videoMetadata", "mediaResolution", "toolCall", "toolResponse", "partMetadata").
			and("inlineData", blob).and("fileData", file).
			and("functionCall", named("id", "name", "args", "partialArgs", "willContinue")).
			and("functionResponse", named("id", "name", "response", "willContinue", "scheduling").
				and("parts", list(named().and("inlineData", blob).and("fileData", file)))).
			and("executableCode", named("id", "language", "code")).
			and("codeExecutionResult", named("id", "outcome", "output"))))
}

// camelize renames the members that the shape has from snake case, which the API takes as well.
func (s *shape) camelize(value any) any {
	if s == nil {
		return value
	}
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = s.elements.camelize(v[i])
		}
	case map[string]any:
		for _, name := range slices.Collect(maps.Keys(v)) {
			member := v[name]
			if s.values != nil {
				v[name] = s.values.camelize(member)
				continue
			}
			camel := toCamel(name)
			if _, known := s.members[camel]; !known {
				continue
			}
			delete(v, name)
			v[camel] = s.members[camel].camelize(member)
		}
	}
	return value
}

func toCamel(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// toSnake gives the name that Google's messages use.
func toSnake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// geminiPath writes a path as Google's messages do.
func geminiPath(path []step) string {
	var b strings.Builder
	for _, at := range path {
		if at.name == "" {
			fmt.Fprintf(&b, "[%d]", at.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(toSnake(at.name))
	}
	return b.String()
}

// geminiStray refuses a member that the API does not know.
func geminiStray(found *stray) *fault {
	at := ""
	if path := geminiPath(found.path); path != "" {
		at = " at '" + path + "'"
	}
	return badRequest(`Invalid JSON payload received. Unknown name "` + found.name + `"` + at + ": Cannot find field.")
}
