package dialect

import (
	"net/http"
	"strconv"
)

var _ Codec = openAIChat{}

// openAIChat is the codec of OpenAIChat.
type openAIChat struct{}

func (c openAIChat) encodeError(e *Error) []byte {
	return c.appendError(make([]byte, 0, 96+len(e.Message)), e)
}

// encodeStreamError writes no [DONE]: that would tell the client of a whole answer.
func (c openAIChat) encodeStreamError(e *Error) []byte {
	event := append(make([]byte, 0, 128+len(e.Message)), "data: "...)
	event = c.appendError(event, e)
	return append(event, "\n\n"...)
}

func (c openAIChat) appendError(dst []byte, e *Error) []byte {
	kind, code := e.Type, e.Code
	switch {
	case kind != "":
	case e.Kind == KindBilling:
		kind = "insufficient_quota"
	default:
		kind = c.errorType(c.ErrorStatus(e))
	}
	if code == "" || e.Kind == KindContextLength {
		code = c.errorCode(e.Kind) // Programs that shorten the conversation look for this one only.
	}
	dst = append(dst, `{"error":{"message":`...)
	dst = appendString(dst, e.Message)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, kind)
	dst = append(dst, `,"param":`...)
	dst = appendNullable(dst, e.Param)
	dst = append(dst, `,"code":`...)
	dst = appendNullable(dst, code)
	return append(dst, "}}"...)
}

// errorType is the word that goes with a status.
func (openAIChat) errorType(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status == http.StatusServiceUnavailable:
		return "service_unavailable_error"
	case status >= 400 && status < 500:
		return "invalid_request_error"
	default:
		return "server_error"
	}
}

// errorCode is the code that OpenAI's libraries and programs look for. Without a kind there is none.
func (openAIChat) errorCode(k ErrorKind) string {
	switch k {
	case KindContextLength:
		return "context_length_exceeded"
	case KindFiltered:
		return "content_filter"
	case KindBilling:
		return "insufficient_quota"
	case KindAuthentication:
		return "invalid_api_key"
	case KindNotFound:
		return "model_not_found"
	case KindRateLimit:
		return "rate_limit_exceeded"
	default:
		return ""
	}
}

func (c openAIChat) encodeModels(models []Model) []byte {
	dst := append(make([]byte, 0, 32+96*len(models)), `{"object":"list","data":[`...)
	for i, m := range models {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.appendModel(dst, m)
	}
	return append(dst, "]}"...)
}

func (c openAIChat) encodeModel(m Model) []byte { return c.appendModel(make([]byte, 0, 128), m) }

func (openAIChat) appendModel(dst []byte, m Model) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, m.ID)
	dst = append(dst, `,"object":"model","created":`...)
	dst = strconv.AppendInt(dst, m.Created, 10)
	dst = append(dst, `,"owned_by":`...)
	dst = appendString(dst, m.OwnedBy)
	return append(dst, '}')
}
