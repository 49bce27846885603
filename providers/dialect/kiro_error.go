package dialect

import (
	"bytes"
	"net/http"
	"strings"
)

// kiroWord is a word by which Kiro tells a kind of fault: the type of an exception or a reason.
type kiroWord struct {
	word string
	kind ErrorKind
}

// kiroReasons say more than the types of exceptions, and come first; never changed.
var kiroReasons = [...]kiroWord{
	{"CONTENT_LENGTH_EXCEEDS_THRESHOLD", KindContextLength},
	{"MONTHLY_REQUEST_COUNT", KindBilling},
	{"OVERAGE_REQUEST_LIMIT_EXCEEDED", KindBilling},
	{"TEMPORARILY_SUSPENDED", KindPermission},
	{"INVALID_MODEL_ID", KindNotFound},
	{"INSUFFICIENT_MODEL_CAPACITY", KindOverloaded},
	{"MODEL_TEMPORARILY_UNAVAILABLE", KindOverloaded},
}

// kiroExceptions are the types of exceptions; never changed.
var kiroExceptions = [...]kiroWord{
	{"ThrottlingException", KindRateLimit},
	{"ServiceQuotaExceededException", KindBilling},
	{"ExpiredTokenException", KindAuthentication},
	{"UnauthorizedException", KindAuthentication},
	{"AccessDeniedException", KindPermission},
	{"ResourceNotFoundException", KindNotFound},
	{"ContentLengthExceededException", KindContextLength},
	{"ValidationException", KindBadRequest},
	{"ServiceUnavailableException", KindOverloaded},
	{"ServiceUnavailableError", KindOverloaded},
	{"InternalServerException", KindServer},
	{"InternalServerError", KindServer},
}

// kiroPhrases are parts of messages, in lower case, of faults that have no word of their own; never changed.
var kiroPhrases = [...]kiroWord{
	{"input is too long", KindContextLength},
	{"bearer token included in the request is invalid", KindAuthentication},
	{"token has expired", KindAuthentication},
	{"locked your account", KindPermission},
}

// DecodeError reads {"message","reason","__type"} or whatever else has come in its place.
func (kiro) DecodeError(status int, _ http.Header, body []byte) *Error {
	if v, err := openValue(bytes.TrimSpace(body)); err == nil && (kiroMessage(v) != "" || v.get("reason").isString() || v.get("__type").isString()) {
		return kiroFault(status, v.get("__type").text(), v)
	}
	e := &Error{Status: status}
	if foreign := (openAIChat{}).foreignError(status, body); foreign != nil {
		*e = *foreign
	}
	if e.Kind == KindUnknown {
		e.Kind = KindOf(status)
	}
	return e
}

// kiroFault reads a fault of that status, 0 within a stream, and type, which may be empty.
func kiroFault(status int, word string, v value) *Error {
	e := &Error{Status: status, Message: kiroMessage(v)}
	e.Kind = kiroKind(word, v.get("reason").text(), strings.ToLower(e.Message))
	switch {
	case e.Kind == KindUnknown && status != 0:
		e.Kind = KindOf(status)
	case e.Kind == KindUnknown:
		e.Kind = KindServer
	}
	if status == 0 {
		e.Status = kiroStatus(e.Kind)
		if e.Message == "" {
			e.Message = "the upstream broke off with " + clipWord(word+v.get("reason").text())
		}
	}
	return e
}

// kiroMessage is the message of a fault; some services write it with a capital.
func kiroMessage(v value) string {
	if message := v.get("message").text(); message != "" {
		return message
	}
	return v.get("Message").text()
}

// kiroKind finds the kind of a fault by what is most telling: its reason, its message, its type.
func kiroKind(word, reason, message string) ErrorKind {
	for _, r := range kiroReasons {
		if reason == r.word {
			return r.kind
		}
	}
	for _, p := range kiroPhrases {
		if strings.Contains(message, p.word) {
			return p.kind
		}
	}
	if _, after, ok := strings.Cut(word, "#"); ok { // com.amazon.aws.codewhisperer#ThrottlingException
		word = after
	}
	word, _, _ = strings.Cut(word, ":") // Some services append an address.
	for _, x := range kiroExceptions {
		if strings.EqualFold(word, x.word) {
			return x.kind
		}
	}
	return KindUnknown
}

// kiroStatus is the status that an upstream would have told a fault with, had it not begun to answer.
func kiroStatus(kind ErrorKind) int {
	switch kind {
	case KindAuthentication:
		return http.StatusUnauthorized
	case KindBilling:
		return http.StatusPaymentRequired
	case KindPermission:
		return http.StatusForbidden
	case KindNotFound:
		return http.StatusNotFound
	case KindRateLimit:
		return http.StatusTooManyRequests
	case KindOverloaded:
		return http.StatusServiceUnavailable
	case KindBadRequest, KindContextLength:
		return http.StatusBadRequest
	default:
		return http.StatusInternalServerError
	}
}
