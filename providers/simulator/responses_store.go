package simulator

import (
	"net/http"
	"slices"
	"sync"
)

// maxStored bounds the responses that are kept.
const maxStored = 1000

// storedResponse is a response and the conversation that it ends; the first of its items, as many as input says, were
// sent by the client.
type storedResponse struct {
	body  raw
	items []responsesItem
	input int
}

// storedResponses keeps the last responses. It is safe for concurrent use.
type storedResponses struct {
	mu    sync.Mutex
	byID  map[string]*storedResponse
	order []string
}

func (s *storedResponses) put(id string, response *storedResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*storedResponse)
	}
	if len(s.order) == maxStored {
		delete(s.byID, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
	s.byID[id] = response
	s.order = append(s.order, id)
}

func (s *storedResponses) get(id string) (*storedResponse, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response, ok := s.byID[id]
	return response, ok
}

func (s *storedResponses) remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.byID[id]
	delete(s.byID, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
	return ok
}

// hasItem tells whether an item is in one of the responses.
func (s *storedResponses) hasItem(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, response := range s.byID {
		if slices.ContainsFunc(response.items, func(item responsesItem) bool { return item.ID == id }) {
			return true
		}
	}
	return false
}

func (x *exchange) noSuchResponse(id string) {
	x.fail(&fault{status: http.StatusNotFound, message: "Response with id '" + id + "' not found."})
}

// storedResponse answers GET and DELETE /v1/responses/{id}.
func (x *exchange) storedResponse(id string) {
	switch x.r.Method {
	case http.MethodGet:
		if response, ok := x.sim.stored.get(id); ok {
			x.reply(http.StatusOK, "application/json", response.body)
			return
		}
		x.noSuchResponse(id)
	case http.MethodDelete:
		if !x.sim.stored.remove(id) {
			x.noSuchResponse(id)
			return
		}
		x.reply(http.StatusOK, "application/json", object("id", id, "object", "response", "deleted", true))
	default:
		x.fail(&fault{status: http.StatusMethodNotAllowed, cause: wrongMethod})
	}
}

// inputItems answers GET /v1/responses/{id}/input_items, newest first as the API does.
func (x *exchange) inputItems(id string) {
	response, ok := x.sim.stored.get(id)
	if !ok {
		x.noSuchResponse(id)
		return
	}
	data := []raw{}
	for _, item := range slices.Backward(response.items[:response.input]) {
		data = append(data, item.text)
	}
	x.reply(http.StatusOK, "application/json", object("object", "list", "data", data, "first_id", nil, "last_id", nil, "has_more", false))
}

// cancelResponse answers POST /v1/responses/{id}/cancel: nothing runs in the background.
func (x *exchange) cancelResponse(id string) {
	if _, ok := x.sim.stored.get(id); !ok {
		x.noSuchResponse(id)
		return
	}
	x.fail(badRequest("Cannot cancel a synchronous response."))
}
