package simulator

import (
	"strconv"
	"strings"
)

// geminiWriter writes one answer as generateContent does, whole or as a stream. It belongs to the handler's goroutine.
type geminiWriter struct {
	x        *exchange
	req      *geminiRequest
	sc       *script
	answer   *answer
	envelope bool
	prompt   int

	w *wire
	// sent, thought and calls count what has been sent.
	sent, thought, calls int
	// signature is that of the thought, until a part has carried it.
	signature string
}

// whole returns the answer as one body.
func (g *geminiWriter) whole() []byte {
	var parts []raw
	for i := range g.answer.blocks {
		b := &g.answer.blocks[i]
		if b.kind == thought || b.kind == text {
			parts = append(parts, g.textPart(b, b.whole()))
		}
		parts = append(parts, g.atEnd(b)...)
		g.count(b, len(b.pieces))
	}
	if g.signature != "" {
		parts = append(parts, g.signed(object("text", "")))
	}
	return g.reply(parts, g.finishReason())
}

// stream sends the answer piece by piece, server-sent or as an array.
func (g *geminiWriter) stream() {
	g.w = g.x.openWire(g.sc, "\r\n")
	if v, ok := g.x.vendor.(gemini); ok && v.array {
		g.w.array = true
		g.x.w.Header()["Content-Type"] = []string{"application/json; charset=UTF-8"}
	}
	g.w.play(g.answer, g)
}

func (g *geminiWriter) start() {
	if g.envelope && g.sc.comments {
		g.w.event("", object("traceId", g.x.id("trace-")))
	}
}

func (g *geminiWriter) open(int, *block) {}

func (g *geminiWriter) piece(_ int, b *block, piece string) {
	g.count(b, 1)
	if b.kind == thought || b.kind == text {
		g.chunk([]raw{g.textPart(b, piece)}, "")
	}
}

func (g *geminiWriter) shut(_ int, b *block) {
	if parts := g.atEnd(b); len(parts) > 0 {
		g.chunk(parts, "")
	}
}

// finish sends the reason in an event of its own, as newer models do after calls.
func (g *geminiWriter) finish() {
	var parts []raw
	if g.signature != "" || len(g.answer.blocks) > 0 && g.finishReason() == "STOP" {
		parts = []raw{g.signed(object("text", ""))}
	}
	g.chunk(parts, g.finishReason())
}

func (g *geminiWriter) fail() {
	g.w.event("", object("error", object("code", 503, "message", "The model is overloaded. Please try again later.", "status", "UNAVAILABLE")))
}

func (g *geminiWriter) chunk(parts []raw, finish string) { g.w.event("", g.reply(parts, finish)) }

// count notes how many tokens have been sent.
func (g *geminiWriter) count(b *block, n int) {
	if b.kind == thought || b.kind == redactedThought {
		g.thought += n
		return
	}
	g.sent += n
}

func (g *geminiWriter) textPart(b *block, s string) raw {
	if b.kind == thought {
		return object("text", s, "thought", true)
	}
	return object("text", s)
}

// atEnd are the parts that come whole, at a block's end. A thought's signature waits for the part that follows it.
func (g *geminiWriter) atEnd(b *block) []raw {
	switch b.kind {
	case thought, redactedThought:
		g.signature = sign(geminiSigner, b.whole())
	case call:
		arguments := raw(orEmptyObject(b.whole()))
		if !validObject(arguments) {
			return nil
		}
		return []raw{g.signed(object("functionCall", g.functionCall(b.name, arguments)))}
	case execution:
		return []raw{
			object("executableCode", object("language", "PYTHON", "code", executed)),
			object("codeExecutionResult", object("outcome", "OUTCOME_OK", "output", printed)),
		}
	}
	return nil
}

// functionCall has an id only where the model is one that gives ids.
func (g *geminiWriter) functionCall(name string, arguments raw) raw {
	g.calls++
	if g.sc.signed || strings.HasPrefix(g.req.model, "gemini-3") {
		return object("id", g.x.id("fc_")+"-"+strconv.Itoa(g.calls-1), "name", name, "args", arguments)
	}
	return object("name", name, "args", arguments)
}

// signed adds the signature that is waiting to a part.
func (g *geminiWriter) signed(part raw) raw {
	if g.signature != "" {
		part = with(part, "thoughtSignature", g.signature)
		g.signature = ""
	}
	return part
}

// reply is one object of the stream, or the whole one.
func (g *geminiWriter) reply(parts []raw, finish string) raw {
	o := object()
	if g.answer.stop == blockedPrompt {
		o = with(o, "promptFeedback", object("blockReason", "PROHIBITED_CONTENT"))
	} else {
		o = with(o, "candidates", []raw{g.candidate(parts, finish)})
	}
	o = with(o, "usageMetadata", g.usage(), "modelVersion", g.req.model, "responseId", g.x.id("resp-"))
	if g.envelope {
		o = object("response", o, "traceId", g.x.id("trace-"))
	}
	return o
}

func (g *geminiWriter) candidate(parts []raw, finish string) raw {
	content := object("role", "model")
	if len(parts) > 0 {
		content = object("parts", parts, "role", "model")
	}
	c := object("content", content)
	if finish != "" {
		c = with(c, "finishReason", finish)
		if finish == "MALFORMED_FUNCTION_CALL" {
			c = with(c, "finishMessage", "Malformed function call: print(default_api.")
		}
		if notes := g.grounding(); notes != nil {
			c = with(c, "groundingMetadata", notes)
		}
	}
	return with(c, "index", 0)
}

// grounding tells what the answer rests on.
func (g *geminiWriter) grounding() raw {
	var queries []string
	var chunks, supports []raw
	for i := range g.answer.blocks {
		b := &g.answer.blocks[i]
		if b.kind == search {
			queries = append(queries, b.name)
		}
		for _, at := range b.citations {
			supports = append(supports, object("segment", object("startIndex", at.start, "endIndex", at.end,
				"text", b.whole()[at.start:at.end]), "groundingChunkIndices", []int{len(chunks)}))
			chunks = append(chunks, object("web", object("uri", at.url, "title", at.title)))
		}
	}
	if chunks == nil {
		return nil
	}
	o := object("groundingChunks", chunks, "groundingSupports", supports)
	if queries != nil {
		o = with(o, "webSearchQueries", queries)
	}
	return o
}

// usage counts thoughts apart, and what was cached within the prompt.
func (g *geminiWriter) usage() raw {
	o := object("promptTokenCount", g.prompt)
	if g.sc.cached {
		o = with(o, "cachedContentTokenCount", g.prompt/2)
	}
	if g.sent > 0 {
		o = with(o, "candidatesTokenCount", g.sent)
	}
	if g.thought > 0 {
		o = with(o, "thoughtsTokenCount", g.thought)
	}
	return with(o, "totalTokenCount", g.prompt+g.sent+g.thought,
		"promptTokensDetails", []raw{object("modality", "TEXT", "tokenCount", g.prompt)})
}

func (g *geminiWriter) finishReason() string {
	switch g.answer.stop {
	case reachedLimit:
		return "MAX_TOKENS"
	case refused, blockedPrompt:
		return "SAFETY"
	case malformedCall:
		return "MALFORMED_FUNCTION_CALL"
	default:
		return "STOP"
	}
}
