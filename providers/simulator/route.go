package simulator

import (
	"net/http"
	"strings"
)

// route is where a request goes.
type route struct {
	vendor vendor
	// method is the only one that is answered; empty for any.
	method string
	serve  func(*exchange)
	// open tells that no key is needed.
	open bool
}

// routeOf finds the protocol and the endpoint of a path. An unknown path is refused in the words of the vendor whose
// client it most likely was.
func routeOf(r *http.Request) route {
	path := r.URL.Path
	if r.Method == http.MethodHead && (path == "/" || path == "/api/hello") {
		return route{vendor: anthropic{}, serve: (*exchange).hello, open: true}
	}
	for _, find := range []func(*http.Request, string) (route, bool){findQwen, findKiro, findGemini, findAnthropic, findOpenAI} {
		if to, ok := find(r, path); ok {
			return to
		}
	}
	return route{vendor: openAI{}, serve: (*exchange).noSuchRoute}
}

func (x *exchange) hello() { x.w.WriteHeader(http.StatusOK) }

func (x *exchange) noSuchRoute() { x.fail(&fault{status: http.StatusNotFound, cause: noRoute}) }

// findOpenAI finds the endpoints of OpenAI and of its likes.
func findOpenAI(_ *http.Request, path string) (route, bool) {
	path = strings.TrimPrefix(path, "/v1")
	id, isModel := strings.CutPrefix(path, "/models/")
	response, isResponse := strings.CutPrefix(path, "/responses/")
	to := route{vendor: openAI{}, method: http.MethodPost}
	switch {
	case path == "/chat/completions":
		to.serve = (*exchange).chat
	case path == "/embeddings":
		to.serve = (*exchange).embeddings
	case path == "/responses":
		to.serve = (*exchange).responses
	case path == "/responses/input_tokens":
		to.serve = (*exchange).countResponses
	case isResponse:
		return findResponse(response), true
	case path == "/models":
		to.method, to.serve = http.MethodGet, (*exchange).listModels
	case isModel:
		to.method, to.serve = http.MethodGet, func(x *exchange) { x.model(id) }
	default:
		return route{}, false
	}
	return to, true
}

// findResponse finds the endpoints of a stored response, by what follows /responses/.
func findResponse(path string) route {
	id, rest, _ := strings.Cut(path, "/")
	switch rest {
	case "":
		return route{vendor: openAI{}, serve: func(x *exchange) { x.storedResponse(id) }}
	case "input_items":
		return route{vendor: openAI{}, method: http.MethodGet, serve: func(x *exchange) { x.inputItems(id) }}
	case "cancel":
		return route{vendor: openAI{}, method: http.MethodPost, serve: func(x *exchange) { x.cancelResponse(id) }}
	default:
		return route{vendor: openAI{}, serve: (*exchange).noSuchRoute}
	}
}
