package dialect

import "strings"

// gemini is the codec of Gemini: generateContent and streamGenerateContent of the Gemini API, v1beta,
// https://ai.google.dev/api/generate-content.
type gemini struct{}

// Name is the dialect's.
func (gemini) Name() Name { return Gemini }

// FieldName is what the Gemini API calls a field of Request.
func (gemini) FieldName(f Field) string {
	switch f {
	case FieldMessages:
		return "contents"
	case FieldToolChoice:
		return "toolConfig.functionCallingConfig"
	case FieldFormat:
		return "generationConfig.responseMimeType"
	case FieldReasoning:
		return "generationConfig.thinkingConfig"
	case FieldMaxTokens:
		return "generationConfig.maxOutputTokens"
	case FieldTemperature:
		return "generationConfig.temperature"
	case FieldTopP:
		return "generationConfig.topP"
	case FieldTopK:
		return "generationConfig.topK"
	case FieldFrequencyPenalty:
		return "generationConfig.frequencyPenalty"
	case FieldPresencePenalty:
		return "generationConfig.presencePenalty"
	case FieldSeed:
		return "generationConfig.seed"
	case FieldStop:
		return "generationConfig.stopSequences"
	case FieldN:
		return "generationConfig.candidateCount"
	case FieldLogProbs:
		return "generationConfig.responseLogprobs"
	case FieldTopLogProbs:
		return "generationConfig.logprobs"
	case FieldServiceTier:
		return "serviceTier"
	default:
		return string(f)
	}
}

// geminiPrefix begins the names of models in the Gemini API.
const geminiPrefix = "models/"

func (c gemini) encodeModels(models []Model) []byte {
	w := writer{buf: make([]byte, 0, 32+160*len(models))}
	w.open('{')
	w.openArray("models")
	for _, m := range models {
		c.writeModel(&w, m)
	}
	w.close(']')
	w.close('}')
	return w.buf
}

func (c gemini) encodeModel(m Model) []byte {
	w := writer{buf: make([]byte, 0, 160)}
	c.writeModel(&w, m)
	return w.buf
}

func (gemini) writeModel(w *writer, m Model) {
	w.open('{')
	w.str("name", geminiPrefix+strings.TrimPrefix(m.ID, geminiPrefix))
	w.str("displayName", m.ID)
	w.strs("supportedGenerationMethods", []string{"generateContent", "streamGenerateContent", "countTokens"})
	w.close('}')
}

// geminiMajor is the number in a model's name: 3 of gemini-3.1-pro-preview, 0 where there is none.
func geminiMajor(model string) int {
	_, rest, ok := strings.Cut(model, "gemini-")
	if !ok || rest == "" || rest[0] < '0' || rest[0] > '9' {
		return 0
	}
	return int(rest[0] - '0')
}

// camel is a member's name as the Gemini API documents it: the API also takes snake_case, and many clients send it.
func camel(name []byte) string {
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == '_' && i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z' {
			i++
			out = append(out, name[i]-'a'+'A')
			continue
		}
		out = append(out, name[i])
	}
	return string(out)
}

// getCamel returns the member of that name in either spelling.
func (v value) getCamel(name string) value {
	if found := v.get(name); found != nil {
		return found
	}
	snake := make([]byte, 0, len(name)+4)
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			snake = append(snake, '_', c-'A'+'a')
		} else {
			snake = append(snake, c)
		}
	}
	return v.get(string(snake))
}
