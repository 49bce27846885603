package relay

import (
	"fmt"
	"net/http"

	"aiproxy/gateway/balance"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// codeResponseGone is OpenAI's code for a stored response that is not there: clients send the whole conversation then.
const codeResponseGone = "previous_response_not_found"

// find routes the request: to the instance that it is bound to, or by its model.
func (x *exchange) find() (*pool, string, *dialect.Error) {
	table := x.relay.router.Table()
	s := surface{x.req.Operation, x.req.Dialect}
	if s.operation == providers.CountTokens {
		s.operation = providers.Chat // What would carry out the request counts its tokens.
	}
	if x.req.Instance == "" {
		return table.route(s, x.req.Provider, x.req.Envelope.Model)
	}
	p, refusal := table.pinned(x.req.Instance)
	return p, x.req.Envelope.Model, refusal
}

// pinned returns a pool of the one instance, or says that it serves no more what it keeps.
func (t *Table) pinned(instance string) (*pool, *dialect.Error) {
	for _, one := range t.targets {
		if one.instance.Name != instance {
			continue
		}
		set, err := balance.New(balance.First, []balance.Candidate{{Name: instance, Weight: one.instance.Weight}})
		if err != nil {
			panic("relay: lay out one instance: " + err.Error())
		}
		return &pool{set: set, targets: []*target{one}}, nil
	}
	return nil, &dialect.Error{
		Status: http.StatusBadRequest, Code: codeResponseGone, Param: "previous_response_id",
		Message: fmt.Sprintf("instance %q, which keeps the response, takes no traffic or is gone: send the whole conversation as input", clip(instance)),
	}
}
