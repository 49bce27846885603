package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// geminiRequest is what matters of a generateContent request.
type geminiRequest struct {
	Contents          []geminiContent `json:"contents"`
	SystemInstruction *geminiContent  `json:"systemInstruction"`
	Tools             []geminiTools   `json:"tools"`
	ToolConfig        struct {
		FunctionCallingConfig struct {
			Mode                 string   `json:"mode"`
			AllowedFunctionNames []string `json:"allowedFunctionNames"`
		} `json:"functionCallingConfig"`
	} `json:"toolConfig"`
	GenerationConfig geminiConfig `json:"generationConfig"`

	model string
}

type geminiTools struct {
	FunctionDeclarations []geminiFunction `json:"functionDeclarations"`
	GoogleSearch         raw              `json:"googleSearch"`
	CodeExecution        raw              `json:"codeExecution"`
}

type geminiFunction struct {
	Name                 string `json:"name"`
	Parameters           raw    `json:"parameters"`
	ParametersJSONSchema raw    `json:"parametersJsonSchema"`
}

type geminiConfig struct {
	CandidateCount     int      `json:"candidateCount"`
	MaxOutputTokens    *int     `json:"maxOutputTokens"`
	StopSequences      []string `json:"stopSequences"`
	ResponseMimeType   string   `json:"responseMimeType"`
	ResponseSchema     raw      `json:"responseSchema"`
	ResponseJSONSchema raw      `json:"responseJsonSchema"`
	ThinkingConfig     struct {
		IncludeThoughts bool   `json:"includeThoughts"`
		ThinkingBudget  *int   `json:"thinkingBudget"`
		ThinkingLevel   string `json:"thinkingLevel"`
	} `json:"thinkingConfig"`
}

type geminiContent struct {
	Role  string       `json:"role"`
	Parts []geminiPart `json:"parts"`
}

type geminiPart struct {
	Text             *string `json:"text"`
	Thought          bool    `json:"thought"`
	ThoughtSignature string  `json:"thoughtSignature"`
	InlineData       *struct {
		MimeType string `json:"mimeType"`
		Data     string `json:"data"`
	} `json:"inlineData"`
	FileData *struct {
		MimeType string `json:"mimeType"`
		FileURI  string `json:"fileUri"`
	} `json:"fileData"`
	FunctionCall *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"functionCall"`
	FunctionResponse *struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Response raw    `json:"response"`
	} `json:"functionResponse"`
}

// geminiCall answers POST /models/{model}:{method}.
func (x *exchange) geminiCall(model, method string) {
	switch method {
	case "generateContent", "streamGenerateContent":
		x.generate(x.body, model, method == "streamGenerateContent", false)
	case "countTokens":
		x.geminiCount(x.body, model)
	case "embedContent":
		x.embedContent(model, false)
	case "batchEmbedContents":
		x.embedContent(model, true)
	default:
		x.noSuchRoute()
	}
}

// generate answers a generateContent request, in Code Assist's envelope or without.
func (x *exchange) generate(body []byte, model string, streamed, envelope bool) {
	req, sc, f := x.readGemini(body, model)
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	g := &geminiWriter{x: x, req: req, sc: sc, answer: x.sim.compose(req.ask(len(body)), sc), envelope: envelope, prompt: (len(body) + 3) / 4}
	if streamed {
		g.stream()
		return
	}
	x.deliver(sc, g.whole())
}

// readGemini reads and checks a request.
func (x *exchange) readGemini(body []byte, model string) (*geminiRequest, *script, *fault) {
	sc, ok := x.sim.scriptFor(model)
	if !ok {
		return nil, nil, &fault{status: http.StatusNotFound, cause: noModel, param: model}
	}
	req := &geminiRequest{model: model}
	if f := decodeGemini(body, geminiShape, req); f != nil {
		return nil, nil, f
	}
	return req, sc, req.check(sc)
}

// decodeGemini reads a body of either spelling, strictly.
func decodeGemini(body []byte, s *shape, to any) *fault {
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return badRequest("Invalid JSON payload received. " + err.Error())
	}
	tree = s.camelize(tree)
	if found := s.find(tree, nil); found != nil {
		return geminiStray(found)
	}
	camel, _ := json.Marshal(tree) // it has just been decoded
	err := json.Unmarshal(camel, to)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return badRequest(fmt.Sprintf("Invalid value at '%s' (TYPE_%s), %s", toSnake(wrong.Field),
			strings.ToUpper(wrong.Type.Kind().String()), wrong.Value))
	}
	return nil
}

// ask tells the engine what it must know.
func (req *geminiRequest) ask(size int) *ask {
	config := &req.GenerationConfig
	q := &ask{
		model: req.model, limit: -1, stops: config.StopSequences, prompt: (size + 3) / 4, conversation: req.read,
		thinks: config.ThinkingConfig.IncludeThoughts, json: config.ResponseMimeType == "application/json",
		schema: config.ResponseJSONSchema, mustCall: req.ToolConfig.FunctionCallingConfig.Mode == "ANY",
	}
	if config.MaxOutputTokens != nil {
		q.limit = *config.MaxOutputTokens
	}
	if isSet(config.ResponseSchema) {
		q.schema = config.ResponseSchema
	}
	for _, t := range req.Tools {
		q.search = q.search || isSet(t.GoogleSearch)
		q.code = q.code || isSet(t.CodeExecution)
		for _, f := range t.FunctionDeclarations {
			schema := f.Parameters
			if isSet(f.ParametersJSONSchema) {
				schema = f.ParametersJSONSchema
			}
			q.tools = append(q.tools, tool{f.Name, schema})
		}
	}
	if names := req.ToolConfig.FunctionCallingConfig.AllowedFunctionNames; len(names) > 0 {
		q.tools = putFirst(q.tools, names[0])
	}
	return q
}

// read reads the conversation for the engine.
func (req *geminiRequest) read() conversation {
	var c conversation
	if req.SystemInstruction != nil {
		for _, p := range req.SystemInstruction.Parts {
			c.parts = append(c.parts, "system "+p.describe())
		}
	}
	for _, content := range req.Contents {
		var texts strings.Builder
		c.answered = false
		for _, p := range content.Parts {
			c.answered = c.answered || p.FunctionResponse != nil
			if p.Text != nil {
				texts.WriteString(*p.Text)
			}
			c.parts = append(c.parts, content.role()+" "+p.describe())
		}
		if content.role() == "user" && texts.Len() > 0 {
			c.lastUser = texts.String()
		}
	}
	return c
}

func (c *geminiContent) role() string {
	if c.Role == "" || c.Role == "function" {
		return "user"
	}
	return c.Role
}

// describe tells what a part is, for the script that inspects.
func (p *geminiPart) describe() string {
	switch {
	case p.InlineData != nil:
		return fmt.Sprintf("%s %d", p.InlineData.MimeType, decodedLength(p.InlineData.Data))
	case p.FileData != nil:
		return p.FileData.MimeType + " at " + p.FileData.FileURI
	case p.FunctionCall != nil:
		return "call " + p.FunctionCall.Name
	case p.FunctionResponse != nil:
		return "result"
	case p.Thought && p.Text != nil:
		return fmt.Sprintf("thought %d", len(*p.Text))
	case p.Text != nil:
		return fmt.Sprintf("text %d", len(*p.Text))
	default:
		return "part"
	}
}
