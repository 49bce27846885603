package simulator

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// kiroWindow is the number of tokens that the context of Kiro's simulated models has.
const kiroWindow = 200_000

// kiroWriter writes one answer as Kiro does, which only streams. It belongs to the handler's goroutine.
type kiroWriter struct {
	x      *exchange
	sc     *script
	answer *answer
	model  string
	// tagged tells that thoughts stand in the text, in tags.
	tagged bool
	prompt int

	w     *wire
	calls int
}

func (k *kiroWriter) stream() {
	k.w = k.x.openWire(k.sc, "")
	k.w.framed = true
	k.x.w.Header()["Content-Type"] = []string{"application/vnd.amazon.eventstream"}
	k.w.play(k.answer, k)
}

func (k *kiroWriter) start() { k.event("initial-response", object()) }

func (k *kiroWriter) open(_ int, b *block) {
	switch {
	case b.kind == call:
		k.calls++
		k.event("toolUseEvent", k.toolUse(b))
	case b.kind == thought && k.tagged:
		k.say("<thin") // A tag may be cut anywhere.
		k.say("king>")
	}
}

func (k *kiroWriter) piece(_ int, b *block, piece string) {
	switch {
	case b.kind == call:
		k.event("toolUseEvent", with(k.toolUse(b), "input", piece))
	case b.kind == thought && !k.tagged:
		k.event("reasoningContentEvent", object("text", piece))
	case b.kind == redactedThought:
	default:
		k.say(piece)
	}
}

func (k *kiroWriter) shut(_ int, b *block) {
	switch {
	case b.kind == call && k.answer.stop != malformedCall && k.answer.stop != reachedLimit:
		k.event("toolUseEvent", with(k.toolUse(b), "stop", true))
	case b.kind == thought && k.tagged:
		k.say("</think")
		k.say("ing>\n\n")
	case b.kind == thought:
		k.event("reasoningContentEvent", object("signature", sign(kiroSigner, b.whole())))
	case b.kind == redactedThought:
		k.event("reasoningContentEvent", object("redactedContent", sign(kiroSigner, b.whole())))
	}
}

// finish says how much was used. There is no reason to stop.
func (k *kiroWriter) finish() {
	if k.answer.stop == reachedLimit {
		k.exception("ContentLengthExceededException", "The answer has become too long.")
		return
	}
	output, _ := k.answer.tokens()
	if k.sc.noDone {
		return
	}
	k.event("contextUsageEvent", object("contextUsagePercentage", float64(k.prompt)*100/kiroWindow))
	if k.answer.stop != blockedPrompt {
		cached := 0
		if k.sc.cached {
			cached = k.prompt / 2
		}
		k.event("metadataEvent", object("tokenUsage", object("uncachedInputTokens", k.prompt-cached, "outputTokens", output,
			"cacheReadInputTokens", cached, "cacheWriteInputTokens", 0)))
	}
	k.event("meteringEvent", object("unit", "credit", "unitPlural", "credits", "usage", 0.05))
}

func (k *kiroWriter) fail() {
	k.exception("InternalServerException", "Encountered an unexpected error when processing the request, please try again.")
}

func (k *kiroWriter) say(text string) {
	k.event("assistantResponseEvent", object("content", text, "modelId", k.model))
}

func (k *kiroWriter) toolUse(b *block) raw {
	return object("name", b.name, "toolUseId", "tooluse_"+k.x.id("")+"-"+strconv.Itoa(k.calls-1))
}

func (k *kiroWriter) event(kind string, payload raw) {
	k.frame(payload, ":message-type", "event", ":event-type", kind, ":content-type", "application/json")
}

func (k *kiroWriter) exception(kind, message string) {
	k.frame(object("message", message), ":message-type", "exception", ":exception-type", kind, ":content-type", "application/json")
}

// frame sends a frame with headers of that name and text in turn.
func (k *kiroWriter) frame(payload raw, headers ...string) {
	k.w.events++
	frame := appendFrame(k.x.out[:0], payload, headers)
	if k.sc.badFrame && k.w.events == 3 {
		frame[len(frame)-1] ^= 1
	}
	k.w.send(frame)
}

// appendFrame appends a frame of application/vnd.amazon.eventstream: the length of all and of the headers, a checksum
// of both, the headers, the payload, and a checksum of everything before it.
func appendFrame(dst []byte, payload []byte, headers []string) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 12)...)
	for i := 0; i < len(headers); i += 2 {
		const text = 7 // The type of a header's value.
		name, value := headers[i], headers[i+1]
		dst = append(append(dst, byte(len(name))), name...)
		dst = append(dst, text)
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(value))), value...)
	}
	headed := len(dst)
	dst = append(dst, payload...)
	f := dst[start:]
	binary.BigEndian.PutUint32(f, uint32(len(f)+4))
	binary.BigEndian.PutUint32(f[4:], uint32(headed-start-12))
	binary.BigEndian.PutUint32(f[8:], crc32.ChecksumIEEE(f[:8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(f))
}
