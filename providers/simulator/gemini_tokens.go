package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

var (
	countShape = named().and("contents", list(geminiContentShape())).and("generateContentRequest", geminiShape)
	embedShape = named("model", "taskType", "title", "outputDimensionality", "autoTruncate", "embedContentConfig").
			and("content", geminiContentShape())
	batchShape = named().and("requests", list(embedShape))
)

// geminiCount answers countTokens.
func (x *exchange) geminiCount(body []byte, model string) {
	sc, ok := x.sim.scriptFor(model)
	if !ok {
		x.noSuchModel(model)
		return
	}
	var req struct {
		Contents               []geminiContent `json:"contents"`
		GenerateContentRequest *geminiRequest  `json:"generateContentRequest"`
	}
	if f := decodeGemini(body, countShape, &req); f != nil {
		x.fail(f)
		return
	}
	if len(req.Contents) == 0 && req.GenerateContentRequest == nil {
		x.fail(badRequest("* CountTokensRequest.contents: contents is not specified\n"))
		return
	}
	if x.prelude(sc) {
		n := (len(body) + 3) / 4
		x.reply(http.StatusOK, "application/json", object("totalTokens", n,
			"promptTokensDetails", []raw{object("modality", "TEXT", "tokenCount", n)}))
	}
}

// geminiEmbedding is one text to be embedded.
type geminiEmbedding struct {
	Content              geminiContent `json:"content"`
	OutputDimensionality *int          `json:"outputDimensionality"`
}

// embedContent answers embedContent and batchEmbedContents.
func (x *exchange) embedContent(model string, batch bool) {
	sc, ok := x.sim.scriptFor(model)
	if !ok {
		x.noSuchModel(model)
		return
	}
	var req struct {
		Requests []geminiEmbedding `json:"requests"`
	}
	var f *fault
	if batch {
		f = decodeGemini(x.body, batchShape, &req)
	} else {
		req.Requests = make([]geminiEmbedding, 1)
		f = decodeGemini(x.body, embedShape, &req.Requests[0])
	}
	if f == nil && len(req.Requests) == 0 {
		f = badRequest("* BatchEmbedContentsRequest.requests: at least one request is required\n")
	}
	if f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	var embeddings []raw
	for _, e := range req.Requests {
		if len(e.Content.Parts) == 0 {
			x.fail(badRequest("* EmbedContentRequest.content: content is required\n"))
			return
		}
		embeddings = append(embeddings, object("values", e.values()))
	}
	if batch {
		x.reply(http.StatusOK, "application/json", object("embeddings", embeddings))
		return
	}
	x.reply(http.StatusOK, "application/json", object("embedding", embeddings[0]))
}

// values are those of the same text in OpenAI's API.
func (e *geminiEmbedding) values() []float32 {
	dimensions := 768
	if n := e.OutputDimensionality; n != nil && *n > 0 && *n <= maxDimensions {
		dimensions = *n
	}
	var all strings.Builder
	for _, p := range e.Content.Parts {
		if p.Text != nil {
			all.WriteString(*p.Text)
		}
	}
	quoted, _ := json.Marshal(all.String()) // a string can always be encoded
	return embed(quoted, dimensions)
}
