package dialect

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// kiro is the codec of Kiro: the request of generateAssistantResponse and the events of its answer. Only upstreams speak
// it. There is no public specification; what stands here is what Kiro's own editor sends and what its upstream has been
// seen to accept.
type kiro struct{}

// Name is the dialect's.
func (kiro) Name() Name { return Kiro }

// KiroException begins the name of a Frame that tells of an exception or an error of the upstream's; its type follows,
// as in "exception.ThrottlingException". The data is its JSON. The names of all other frames are types of events.
const KiroException = "exception."

var errKiroWhole = errors.New("expected a stream of events: Kiro gives no other answers")

// DecodeResponse is an error: Kiro only streams. A Gatherer makes a whole answer of its stream.
func (kiro) DecodeResponse([]byte, *Exchange) (*Response, error) { return nil, errKiroWhole }

// kiroNames are the names of tools that Kiro takes.
func kiroNames() NameRule { return NameRule{} }

// kiroLongestID is the longest id of a call that Kiro takes.
const kiroLongestID = 64

// The tags of thoughts in the text of an answer, and in that of earlier turns.
const (
	kiroThought    = "<thinking>"
	kiroThoughtEnd = "</thinking>"
)

// kiroThinking returns the words that switch thinking on, which stand before all others of a conversation, empty where
// the client does not ask for thoughts. Newer models are told an effort, others a number of tokens.
func kiroThinking(x *Exchange) string {
	r := &x.Request.Reasoning
	tokens, asked := r.Tokens()
	if !asked || tokens == 0 {
		return ""
	}
	if tokens > 0 && (r.Budget != nil || !anthropicVersion(x.Target.Model).since4(6)) {
		n := strconv.FormatInt(max(tokens, minBudget), 10)
		return "<thinking_mode>enabled</thinking_mode><max_thinking_length>" + n + "</max_thinking_length>"
	}
	effort := r.Word()
	switch effort {
	case "":
		effort = EffortHigh // What the editor asks for.
	case EffortMinimal:
		effort = EffortLow
	}
	return "<thinking_mode>adaptive</thinking_mode><thinking_effort>" + string(effort) + "</thinking_effort>"
}

// kiroConversation is the id of the conversation that a request goes on with. The same conversation has the same one on
// every node: it is made from what the client names the conversation by or else from how it began.
func kiroConversation(r *Request) string {
	if r.CacheKey != "" {
		return kiroUUID("key", r.CacheKey)
	}
	seed := []string{"began", r.User}
	for i := range r.Messages {
		seed = append(seed, JoinText(r.Messages[i].Parts, "\n"))
		if r.Messages[i].Role == RoleUser {
			break
		}
	}
	return kiroUUID(seed...)
}

// kiroUUID makes a UUID that depends on nothing but the words.
func kiroUUID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
