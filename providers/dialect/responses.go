package dialect

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

var _ Codec = openAIResponses{}

// openAIResponses is the codec of OpenAIResponses: POST /v1/responses of OpenAI's API,
// https://platform.openai.com/docs/api-reference/responses. Its faults and models are those of OpenAI Chat.
type openAIResponses struct{}

// Name implements Codec.
func (openAIResponses) Name() Name { return OpenAIResponses }

// FieldName implements Codec.
func (openAIResponses) FieldName(f Field) string {
	switch f {
	case FieldMessages:
		return "input"
	case FieldFormat:
		return "text.format"
	case FieldVerbosity:
		return "text.verbosity"
	case FieldMaxTokens:
		return "max_output_tokens"
	case FieldLogProbs:
		return "include"
	default:
		return string(f)
	}
}

// DecodeError implements Codec.
func (openAIResponses) DecodeError(status int, header http.Header, body []byte) *Error {
	e := openAIChat{}.DecodeError(status, header, body)
	e.Kind = responsesKind(e)
	return e
}

// ErrorStatus implements Codec.
func (openAIResponses) ErrorStatus(e *Error) int { return openAIChat{}.ErrorStatus(e) }

func (openAIResponses) encodeError(e *Error) []byte { return openAIChat{}.encodeError(e) }

func (openAIResponses) foreignError(status int, body []byte) *Error {
	return openAIChat{}.foreignError(status, body)
}

func (openAIResponses) encodeModels(models []Model) []byte { return openAIChat{}.encodeModels(models) }

func (openAIResponses) encodeModel(m Model) []byte { return openAIChat{}.encodeModel(m) }

// encodeStreamError writes the event that is no part of an answer: unlike response.failed it needs neither the
// answer's id nor the number of the event before it.
func (openAIResponses) encodeStreamError(e *Error) []byte {
	w := writer{append(make([]byte, 0, 160+len(e.Message)), "event: error\ndata: "...)}
	w.open('{')
	w.str("type", "error")
	w.str("code", responsesCode(e))
	w.str("message", responsesMessage(e))
	w.key("param")
	w.buf = appendNullable(w.buf, e.Param)
	w.int("sequence_number", 0)
	w.close('}')
	return append(w.buf, "\n\n"...)
}

// responsesKind tells what went wrong by the codes that only this dialect has, and by those of OpenAI Chat.
func responsesKind(e *Error) ErrorKind {
	switch e.Code {
	case "invalid_prompt", "previous_response_not_found", "invalid_encrypted_content":
		return KindBadRequest
	case "bio_policy", "cyber_policy":
		return KindFiltered
	case "usage_not_included", "usage_limit_reached":
		return KindBilling
	default:
		return chatKind(e)
	}
}

// responsesCode is the code of a fault within a stream. Programs decide by it whether to try again: after
// invalid_prompt they do not.
func responsesCode(e *Error) string {
	if e.Code != "" {
		return e.Code
	}
	switch e.kind() {
	case KindOverloaded:
		return "server_is_overloaded"
	case KindBadRequest, KindFiltered, KindTooLarge:
		return "invalid_prompt"
	}
	if code := (openAIChat{}).errorCode(e.kind()); code != "" {
		return code
	}
	return "server_error"
}

// responsesMessage is the message of a fault within a stream. There is no header to say in how long to try again:
// programs read it from OpenAI's words.
func responsesMessage(e *Error) string {
	const words = "try again in"
	if e.RetryAfter <= 0 || strings.Contains(strings.ToLower(e.Message), words) {
		return e.Message
	}
	seconds := strconv.FormatFloat(e.RetryAfter.Round(time.Millisecond).Seconds(), 'f', -1, 64)
	return strings.TrimSpace(e.Message + " Please " + words + " " + seconds + "s.")
}
