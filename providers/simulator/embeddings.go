package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"math"
	"net/http"
	"slices"
)

const (
	defaultDimensions = 1536
	maxDimensions     = 3072
	maxInputs         = 2048
)

type embeddingsRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	EncodingFormat string          `json:"encoding_format"`
	Dimensions     *int            `json:"dimensions"`
}

type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

// embeddings answers POST /embeddings.
func (x *exchange) embeddings() {
	var req embeddingsRequest
	if json.Unmarshal(x.body, &req) != nil {
		x.fail(badRequest("We could not parse the JSON body of your request."))
		return
	}
	sc, ok := x.sim.scriptFor(req.Model)
	if !ok {
		x.noSuchModel(req.Model)
		return
	}
	inputs := splitInput(req.Input)
	dimensions := defaultDimensions
	if req.Dimensions != nil {
		dimensions = *req.Dimensions
	}
	if f := req.check(inputs, dimensions); f != nil {
		x.fail(f)
		return
	}
	if !x.prelude(sc) {
		return
	}
	x.reply(http.StatusOK, "application/json", req.answer(inputs, dimensions))
}

// check applies the rules that the real API enforces.
func (req *embeddingsRequest) check(inputs []json.RawMessage, dimensions int) *fault {
	switch {
	case req.Model == "":
		return badRequest("you must provide a model parameter")
	case len(inputs) == 0 || len(inputs) > maxInputs:
		return badParam("input", "", "'$.input' is invalid.")
	case dimensions < 1 || dimensions > maxDimensions:
		return badParam("dimensions", "", "Invalid 'dimensions': integer out of range.")
	case req.EncodingFormat != "" && req.EncodingFormat != "float" && req.EncodingFormat != "base64":
		return badParam("encoding_format", "invalid_value", "Invalid value for 'encoding_format'.")
	default:
		return nil
	}
}

// answer makes the reply's body.
func (req *embeddingsRequest) answer(inputs []json.RawMessage, dimensions int) []byte {
	type usage struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	}
	reply := struct {
		Object string      `json:"object"`
		Data   []embedding `json:"data"`
		Model  string      `json:"model"`
		Usage  usage       `json:"usage"`
	}{Object: "list", Model: req.Model}
	for i, input := range inputs {
		e := embedding{Object: "embedding", Index: i}
		vector := embed(input, dimensions)
		e.Embedding = vector
		if req.EncodingFormat == "base64" {
			e.Embedding = encodeVector(vector)
		}
		reply.Data = append(reply.Data, e)
		reply.Usage.PromptTokens += (len(input) + 3) / 4
	}
	reply.Usage.TotalTokens = reply.Usage.PromptTokens
	body, _ := json.Marshal(reply) // numbers are finite, so it can be encoded
	return body
}

// splitInput returns the JSON text of each input, or nothing if it has none of the four allowed shapes.
func splitInput(input json.RawMessage) []json.RawMessage {
	var text string
	var tokens []int
	if json.Unmarshal(input, &tokens) == nil && len(tokens) > 0 || json.Unmarshal(input, &text) == nil && text != "" {
		return []json.RawMessage{input}
	}
	var texts []string
	var lists [][]int
	isTexts := json.Unmarshal(input, &texts) == nil && !slices.Contains(texts, "")
	if !isTexts && json.Unmarshal(input, &lists) != nil {
		return nil
	}
	var inputs []json.RawMessage
	_ = json.Unmarshal(input, &inputs) // it is a list, as has just been seen
	return inputs
}

// embed makes a vector of length 1 that depends on nothing but the input.
func embed(input []byte, dimensions int) []float32 {
	hash := fnv.New64a()
	_, _ = hash.Write(input) // a hash takes everything
	state := hash.Sum64()
	vector := make([]float64, dimensions)
	var square float64
	for i := range vector {
		state = state*6364136223846793005 + 1442695040888963407 // Knuth's MMIX generator
		vector[i] = float64(int64(state>>11))/(1<<52) - 1
		square += vector[i] * vector[i]
	}
	scaled := make([]float32, dimensions)
	for i := range vector {
		scaled[i] = float32(vector[i] / math.Sqrt(square))
	}
	return scaled
}

// encodeVector gives the form that the official clients ask for: little-endian, in base64.
func encodeVector(vector []float32) string {
	raw := make([]byte, 0, 4*len(vector))
	for _, v := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
