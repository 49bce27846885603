package simulator

import (
	"net/http"
)

// kiro is the vendor of Kiro, which Amazon's services stand behind.
type kiro struct{}

// findKiro finds the endpoints of Kiro.
func findKiro(_ *http.Request, path string) (route, bool) {
	switch path {
	case "/generateAssistantResponse":
		return route{vendor: kiro{}, method: http.MethodPost, serve: (*exchange).kiroChat}, true
	case "/ListAvailableModels":
		return route{vendor: kiro{}, method: http.MethodGet, serve: (*exchange).kiroModels}, true
	default:
		return route{}, false
	}
}

func (kiro) key(r *http.Request) string { return bearer(r) }

func (kiro) greet(x *exchange, h http.Header) { h["X-Amzn-Requestid"] = []string{x.id("")} }

// Reasons that Kiro gives.
const (
	kiroTooLong      = "CONTENT_LENGTH_EXCEEDS_THRESHOLD"
	kiroNoMeans      = "MONTHLY_REQUEST_COUNT"
	kiroUnknownModel = "INVALID_MODEL_ID"
	kiroResults      = "TOOL_USE_RESULT_MISMATCH"
	kiroSchema       = "TOOL_SCHEMA_INVALID"
)

// encode words a refusal. Most of what is wrong with a request is "improperly formed" and no more.
func (kiro) encode(_ *exchange, f *fault) (int, []byte) {
	status, message, reason, kind := f.status, f.message, f.code, f.kind
	switch f.cause {
	case wrongKey:
		status, message = http.StatusForbidden, "The bearer token included in the request is invalid."
	case missingKey:
		status, message, kind = http.StatusForbidden, "Missing Authentication Token", "MissingAuthenticationTokenException"
	case noQuota:
		status, message, reason = http.StatusPaymentRequired, "You have reached the limit.", kiroNoMeans
	case tooLong:
		message, reason = "Input is too long.", kiroTooLong
	case filtered:
		message, kind = "The request was refused by the service's filter.", "ValidationException"
	case noModel:
		status, message, reason = http.StatusBadRequest, "Invalid model. Please select a different model to continue.", kiroUnknownModel
	case noRoute, wrongMethod:
		kind = "UnknownOperationException"
	case unspecified:
		if message == "" {
			message = simulated(status)
		}
		if kind == "" {
			kind = kiroException(status)
		}
	}
	body := object("message", message, "reason", nil)
	if reason != "" {
		body = object("message", message, "reason", reason)
	}
	if kind != "" {
		body = with(body, "__type", "com.amazon.aws.codewhisperer#"+kind)
	}
	return status, body
}

// kiroException is the type of an exception that a status has.
func kiroException(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "ValidationException"
	case http.StatusUnauthorized, http.StatusForbidden:
		return "AccessDeniedException"
	case http.StatusNotFound:
		return "ResourceNotFoundException"
	case http.StatusTooManyRequests:
		return "ThrottlingException"
	case http.StatusServiceUnavailable:
		return "ServiceUnavailableException"
	default:
		return "InternalServerException"
	}
}

// malformed is what Kiro says of a request that breaks its rules; the reason may be empty.
func malformed(reason string) *fault {
	return &fault{status: http.StatusBadRequest, message: "Improperly formed request.", code: reason, kind: "ValidationException"}
}

func (x *exchange) kiroModels() {
	models := []raw{}
	for _, id := range x.sim.models {
		models = append(models, object("modelId", id, "modelName", id, "description", "A simulated model.",
			"tokenLimits", object("maxInputTokens", kiroWindow, "maxOutputTokens", 64_000)))
	}
	x.reply(http.StatusOK, "application/json", object("models", models, "nextToken", nil))
}
