package gateway

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
	"golang.org/x/sync/errgroup"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// maxAsked bounds the upstreams that one request for the list of models asks at the same time.
const maxAsked = 16

// listModels answers with the models of all enabled instances, each once, sorted: two nodes give the same list.
func (g *Gateway) listModels(x *exchange, r *http.Request) error {
	provider, err := g.chosenProvider(r)
	if err != nil {
		return err
	}
	writeModels(x, dialect.EncodeModels(dialectOf(r), g.models.union(r.Context(), provider)))
	return nil
}

// showModel answers with one model, which may be named "provider/model".
func (g *Gateway) showModel(x *exchange, r *http.Request) error {
	provider, err := g.chosenProvider(r)
	if err != nil {
		return err
	}
	speaks, id := dialectOf(r), mux.Vars(r)["id"]
	if model, ok := findModel(g.models.union(r.Context(), provider), id); ok {
		writeModels(x, dialect.EncodeModel(speaks, model))
		return nil
	}
	if prefix, rest, ok := strings.Cut(id, "/"); ok && provider == "" {
		if p, known := g.providers.Lookup(prefix); known {
			if model, ok := findModel(g.models.union(r.Context(), p.Name()), rest); ok {
				model.ID = id
				writeModels(x, dialect.EncodeModel(speaks, model))
				return nil
			}
		}
	}
	return &dialect.Error{
		Status:  http.StatusNotFound,
		Type:    "invalid_request_error",
		Code:    "model_not_found",
		Param:   "model",
		Message: "No instance offers a model " + strconv.Quote(clip(id)) + ".",
	}
}

func writeModels(x *exchange, body []byte) {
	x.Header().Set("Content-Type", "application/json")
	x.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = x.Write(body) // A client that has left does not miss it.
}

func findModel(sorted []dialect.Model, id string) (dialect.Model, bool) {
	i, ok := slices.BinarySearchFunc(sorted, id, func(m dialect.Model, id string) int { return cmp.Compare(m.ID, id) })
	if !ok {
		return dialect.Model{}, false
	}
	return sorted[i], true
}

// union returns the models of the enabled instances of a provider, "" for all, sorted by ID. What the first
// instance says of a model stands. It takes as long as the slowest upstream that has to be asked, at most
// unionTimeout; an upstream that fails contributes what it said before.
func (l *modelLister) union(ctx context.Context, provider string) []dialect.Model {
	ctx, cancel := context.WithTimeout(ctx, unionTimeout)
	defer cancel()
	all := l.instances()
	l.forget(all)
	lists := make([][]dialect.Model, len(all))
	var asked errgroup.Group
	asked.SetLimit(maxAsked)
	for i, in := range all {
		if provider != "" && in.Provider != provider {
			continue
		}
		asked.Go(func() (fault error) {
			defer func() { fault = panicked(recover()) }()
			lists[i] = l.offered(ctx, in)
			return nil
		})
	}
	if fault := asked.Wait(); fault != nil {
		panic(fault) // Here it is caught; on a goroutine of its own it would end the node.
	}
	models := slices.Concat(lists...)
	slices.SortStableFunc(models, func(a, b dialect.Model) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(models, func(a, b dialect.Model) bool { return a.ID == b.ID })
}

// panicked makes an error of what a panic was caused by, with the stack, and nil of nil.
func panicked(cause any) error {
	if cause == nil {
		return nil
	}
	return fmt.Errorf("ask an upstream for its models: %v\n%s", cause, debug.Stack())
}

// offered returns what an instance serves: the names of its configuration, and for its patterns those of the
// upstream's names that match. Only names without a pattern need no question to the upstream.
func (l *modelLister) offered(ctx context.Context, in *providers.Instance) []dialect.Model {
	var models []dialect.Model
	patterns := 0
	for _, name := range in.Models {
		if strings.HasSuffix(name, "*") {
			patterns++
			continue
		}
		models = append(models, dialect.Model{ID: name, OwnedBy: in.Provider})
	}
	if len(in.Models) > 0 && patterns == 0 {
		return models
	}
	for _, m := range l.listed(ctx, in) {
		if serves(in, m.ID) {
			models = append(models, m)
		}
	}
	return models
}

func serves(in *providers.Instance, model string) bool {
	if len(in.Models) == 0 {
		return true
	}
	return slices.ContainsFunc(in.Models, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return model == pattern || open && strings.HasPrefix(model, prefix)
	})
}
