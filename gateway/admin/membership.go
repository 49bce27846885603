package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"aiproxy/fsm"
	"aiproxy/providers/dialect"
)

// operationTimeout bounds a change of the cluster's membership or leadership; the store gives up earlier.
const operationTimeout = 15 * time.Second

// Cluster is what the API needs to change who is in the cluster and who leads it. Any node takes every request. The
// errors are a *fsm.Rejection that says why not and what to do, or wrap fsm.ErrNoLeader (nothing was done) or
// fsm.ErrIndeterminate; every request may be repeated.
type Cluster interface {
	// Transfer hands leadership to the node with the ID, or to the best one for an empty ID, and returns the leader's ID.
	Transfer(ctx context.Context, to string) (leader string, err error)
	// Remove ends the membership of the node. Force is content with a majority that answers but lags behind.
	Remove(ctx context.Context, id string, force bool) error
	// Leave ends the membership of this node, which then stops.
	Leave(ctx context.Context) error
}

// membershipEndpoints lists the routes that need a Cluster.
func (a *API) membershipEndpoints() []Endpoint {
	if a.cluster == nil {
		return nil
	}
	return []Endpoint{
		{Method: http.MethodPost, Path: "/cluster/transfer", Serve: a.transfer},
		{Method: http.MethodPost, Path: "/cluster/leave", Serve: a.leave},
		{Method: http.MethodDelete, Path: "/cluster/nodes/{id}", Serve: a.removeNode},
	}
}

// transfer hands leadership to the node that the body's "to" names; without one, or without a body, to the best.
func (a *API) transfer(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	to := new(string)
	if r.ContentLength != 0 {
		if err := readFields(w, r, field{name: "to", into: &to, kind: "the id of a node"}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
	defer cancel()
	leader, err := a.cluster.Transfer(ctx, *to)
	if err != nil {
		return a.notDone(ctx, "transfer leadership", *to, err)
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "leadership transferred on request", slog.String("leader", leader))
	return writeJSON(w, map[string]string{"leader": leader})
}

// removeNode ends the membership of the node in the path.
func (a *API) removeNode(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	if err := checkQuery(r, "force"); err != nil {
		return err
	}
	force, err := readFlag(r, "force")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
	defer cancel()
	if err := a.cluster.Remove(ctx, id, force); err != nil {
		return a.notDone(ctx, "remove node", id, err)
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "node removed on request", slog.String("removed", id), slog.Bool("force", force))
	return writeJSON(w, map[string]string{"removed": id})
}

// leave ends the membership of this node. The answer is its last but for requests in flight.
func (a *API) leave(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
	defer cancel()
	if err := a.cluster.Leave(ctx); err != nil {
		return a.notDone(ctx, "leave the cluster", "", err)
	}
	return writeJSON(w, map[string]bool{"left": true})
}

// readFlag returns a parameter of the query that is true or false, false without it.
func readFlag(r *http.Request, name string) (bool, error) {
	switch r.URL.Query().Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, badRequest("invalid_value", name, name+" must be true or false.")
	}
}

// notDone logs that an operation was not carried out and says what the client hears of it.
func (a *API) notDone(ctx context.Context, what, id string, err error) error {
	a.logger.LogAttrs(ctx, slog.LevelInfo, "cluster operation refused",
		slog.String("operation", what), slog.String("target", clip(id)), slog.Any("error", err))
	if rejection, ok := errors.AsType[*fsm.Rejection](err); ok {
		return &dialect.Error{
			Status: operationStatus(rejection.Code), Type: "invalid_request_error", Code: string(rejection.Code),
			Message: sentence(rejection.Message), // Whole: it ends in what to do.
		}
	}
	answer := &dialect.Error{Status: http.StatusServiceUnavailable, Type: "server_error", RetryAfter: retryAfter}
	switch {
	case errors.Is(err, fsm.ErrNoLeader):
		answer.Code = "no_leader"
		answer.Message = "Nothing was changed: " + noLeaderAdvice
	case errors.Is(err, fsm.ErrIndeterminate), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		answer.Code = "indeterminate"
		answer.Message = "Outcome unknown: it may or may not take effect. Repeating the request is safe; /cluster/status shows " +
			"what came of it."
	default:
		return err
	}
	return answer
}

// operationStatus is the HTTP status for a refused operation: what the cluster's state forbids is a conflict.
func operationStatus(code fsm.RejectionCode) int {
	switch code {
	case fsm.RejectedNotFound:
		return http.StatusNotFound
	case fsm.RejectedInvalid:
		return http.StatusBadRequest
	default:
		return http.StatusConflict
	}
}
