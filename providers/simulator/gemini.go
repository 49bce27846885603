package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// gemini is the vendor of the Gemini API.
type gemini struct {
	// array wraps refusals, as a stream that is a JSON array does.
	array bool
	// oauth takes tokens only, as Code Assist does.
	oauth bool
}

// findGemini finds the endpoints of the Gemini API and of Code Assist. The list of models at /v1 is Gemini's only for
// those who show a key in its way.
func findGemini(r *http.Request, path string) (route, bool) {
	if rest, ok := strings.CutPrefix(path, "/v1internal"); ok {
		return findCodeAssist(r, rest)
	}
	rest, ok := "", false
	for _, version := range []string{"/v1beta/models", "/v1alpha/models", "/v1/models"} {
		if rest, ok = strings.CutPrefix(path, version); ok {
			break
		}
	}
	if !ok || rest != "" && rest[0] != '/' {
		return route{}, false
	}
	g := gemini{}
	model, method, isCall := cutLast(strings.TrimPrefix(rest, "/"))
	switch {
	case isCall && r.Method == http.MethodPost:
		g.array = method == "streamGenerateContent" && r.URL.Query().Get("alt") != "sse"
		return route{vendor: g, method: http.MethodPost, serve: func(x *exchange) { x.geminiCall(model, method) }}, true
	case strings.HasPrefix(path, "/v1/") && g.key(r) == bearer(r):
		return route{}, false
	case rest == "":
		return route{vendor: g, method: http.MethodGet, serve: (*exchange).geminiModels}, true
	default:
		return route{vendor: g, method: http.MethodGet, serve: func(x *exchange) { x.geminiModel(rest[1:]) }}, true
	}
}

// cutLast cuts at the last colon: names of models may have others.
func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func (g gemini) key(r *http.Request) string {
	if g.oauth {
		return bearer(r)
	}
	for _, key := range []string{r.Header.Get("X-Goog-Api-Key"), r.URL.Query().Get("key")} {
		if key != "" {
			return key
		}
	}
	return bearer(r)
}

// greet sets canonical names. There is no contract on a request id.
func (gemini) greet(_ *exchange, h http.Header) {
	h["Server-Timing"] = []string{"gfet4t7; dur=1"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
}

func (g gemini) encode(x *exchange, f *fault) (int, []byte) {
	w, details := g.words(x, f)
	e := object("code", w.status, "message", w.message, "status", w.kind)
	if len(details) > 0 {
		e = with(e, "details", details)
	}
	body := object("error", e)
	if g.array {
		body = append(append(raw("["), body...), "\n]\n"...)
	}
	return w.status, body
}

const googleRPC = "type.googleapis.com/google.rpc."

func errorInfo(reason string) raw {
	return object("@type", googleRPC+"ErrorInfo", "reason", reason, "domain", "googleapis.com",
		"metadata", object("service", "generativelanguage.googleapis.com"))
}

// words fills in what a fault leaves open.
func (g gemini) words(x *exchange, f *fault) (fault, []raw) {
	w := *f
	var details []raw
	switch f.cause {
	case wrongKey, missingKey:
		details = g.wordsOfKey(&w)
	case noQuota:
		w.message = "You exceeded your current quota, please check your plan and billing details."
		details = append(details, object("@type", googleRPC+"QuotaFailure", "violations", []raw{object(
			"quotaMetric", "generativelanguage.googleapis.com/generate_content_requests",
			"quotaId", "GenerateRequestsPerDayPerProjectPerModel")}), errorInfo("QUOTA_EXHAUSTED"))
	case tooLong:
		w.message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
	case filtered:
		w.message = "The request was blocked by the safety filters."
	case noModel:
		w.message = "models/" + f.param + " is not found for API version v1beta, or is not supported for generateContent. " +
			"Call ListModels to see the list of available models and their supported methods."
	case noRoute, wrongMethod:
		w.message = "Method not found: " + x.r.Method + " " + x.r.URL.Path
	case unspecified:
		if w.message == "" {
			w.message = simulated(f.status)
		}
		if w.status == http.StatusTooManyRequests {
			details = append(details, object("@type", googleRPC+"RetryInfo", "retryDelay",
				strconv.FormatFloat(f.retryAfter.Seconds(), 'f', -1, 64)+"s"), errorInfo("RATE_LIMIT_EXCEEDED"))
		}
	}
	if w.kind == "" {
		w.kind = geminiStatus(w.status)
	}
	return w, details
}

// wordsOfKey refuse a key: an API key that is wrong is no authentication to Google, but an invalid argument.
func (g gemini) wordsOfKey(w *fault) []raw {
	switch {
	case g.oauth:
		w.message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other " +
			"valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
	case w.cause == missingKey:
		w.status = http.StatusForbidden
		w.message = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key " +
			"or other form of API consumer identity to call this API."
	default:
		w.status = http.StatusBadRequest
		w.message = "API key not valid. Please pass a valid API key."
		return []raw{errorInfo("API_KEY_INVALID")}
	}
	return nil
}

func geminiStatus(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "ABORTED"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case 499:
		return "CANCELLED"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	case http.StatusGatewayTimeout:
		return "DEADLINE_EXCEEDED"
	}
	if status >= http.StatusInternalServerError {
		return "INTERNAL"
	}
	return "INVALID_ARGUMENT"
}

func (x *exchange) geminiModels() {
	query := x.r.URL.Query()
	size, err := strconv.Atoi(query.Get("pageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	from, _ := strconv.Atoi(query.Get("pageToken")) // none is the first page
	from = min(max(from, 0), len(x.sim.models))
	to := min(from+size, len(x.sim.models))
	models := []raw{}
	for _, id := range x.sim.models[from:to] {
		models = append(models, geminiModel(id))
	}
	page := object("models", models)
	if to < len(x.sim.models) {
		page = with(page, "nextPageToken", strconv.Itoa(to))
	}
	x.reply(http.StatusOK, "application/json", page)
}

func (x *exchange) geminiModel(id string) {
	if !slices.Contains(x.sim.models, id) {
		x.noSuchModel(id)
		return
	}
	x.reply(http.StatusOK, "application/json", geminiModel(id))
}

func geminiModel(id string) raw {
	return object("name", "models/"+id, "version", "001", "displayName", id, "description", "A simulated model.",
		"inputTokenLimit", 1048576, "outputTokenLimit", 65536,
		"supportedGenerationMethods", []string{"generateContent", "countTokens", "embedContent"},
		"temperature", 1, "topP", 0.95, "topK", 64, "maxTemperature", 2, "thinking", true)
}
