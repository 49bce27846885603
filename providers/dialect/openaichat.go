package dialect

import (
	"net/http"
	"strconv"
)

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
	kind := e.Type
	if kind == "" {
		kind = c.errorType(e.Status)
	}
	dst = append(dst, `{"error":{"message":`...)
	dst = appendString(dst, e.Message)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, kind)
	dst = append(dst, `,"param":`...)
	dst = appendNullable(dst, e.Param)
	dst = append(dst, `,"code":`...)
	dst = appendNullable(dst, e.Code)
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
