package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aiproxy/fsm"
	"aiproxy/providers/dialect"
)

const (
	// headerIndex is, in a request, what this node must have applied before it answers, and in an answer the index of
	// the state that it was made from, or of the write.
	headerIndex = "X-Aiproxy-Index"
	// paramConsistency says how fresh the state behind an answer must be.
	paramConsistency = "consistency"
	// awaitTimeout bounds the wait for a state that is fresh enough.
	awaitTimeout = 5 * time.Second
)

// The values of the consistency parameter.
const (
	// consistencyLocal is the default: the state that the node has.
	consistencyLocal = "local"
	// consistencyLinearizable is a state with every write that was acknowledged anywhere before the request.
	consistencyLinearizable = "linearizable"
)

// viewKey is the context key of the state that a request is answered from.
type viewKey struct{}

// consistent makes a handler of replicated state wait for the state that the request asks for. The handler finds it
// with a.view; the answer tells its index.
func (a *API) consistent(serve func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := a.awaitState(r)
		v := a.store.View()
		setIndex(w, v.Index)
		if err != nil {
			return err
		}
		return serve(w, r.WithContext(context.WithValue(r.Context(), viewKey{}, v)))
	}
}

// view returns the state that the request is to be answered from: one state from beginning to end.
func (a *API) view(r *http.Request) *fsm.View {
	if v, ok := r.Context().Value(viewKey{}).(*fsm.View); ok {
		return v
	}
	return a.store.View()
}

func setIndex(w http.ResponseWriter, index uint64) {
	w.Header().Set(headerIndex, strconv.FormatUint(index, 10))
}

// awaitState waits until this node's state is as fresh as the request wants it.
func (a *API) awaitState(r *http.Request) error {
	linearizable, err := wantsLinearizable(r)
	if err != nil {
		return err
	}
	index, err := wantedIndex(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), awaitTimeout)
	defer cancel()
	if linearizable {
		if err := a.store.AwaitLatest(ctx); err != nil {
			return toldWait(err)
		}
	}
	if index > a.store.View().Index {
		if err := a.store.AwaitIndex(ctx, index); err != nil {
			return toldWait(err)
		}
	}
	return nil
}

func wantsLinearizable(r *http.Request) (bool, error) {
	if r.URL.RawQuery == "" {
		return false, nil
	}
	values, given := r.URL.Query()[paramConsistency]
	if !given {
		return false, nil
	}
	switch value := strings.Join(values, ","); value {
	case consistencyLocal:
		return false, nil
	case consistencyLinearizable:
		return true, nil
	default:
		return false, badRequest("unknown_consistency", paramConsistency, "There is no consistency "+strconv.Quote(clip(value))+
			". Known are "+consistencyLocal+" (the default) and "+consistencyLinearizable+".")
	}
}

// wantedIndex is the index that the request names, 0 for none.
func wantedIndex(r *http.Request) (uint64, error) {
	text := strings.TrimSpace(r.Header.Get(headerIndex))
	if text == "" {
		return 0, nil
	}
	index, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, badRequest("invalid_value", headerIndex,
			headerIndex+" must be a whole number, as an earlier answer has it: 42.")
	}
	return index, nil
}

// toldWait maps a wait in vain to what the client hears of it.
func toldWait(err error) error {
	switch {
	case errors.Is(err, fsm.ErrBehind):
		return unavailable("index_not_reached", "This node has not applied the state that was asked for in time: "+reason(err)+
			". Ask again, or ask another node; an index is good only in the cluster that gave it.")
	case errors.Is(err, fsm.ErrNoLeader), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable("no_leader", "No leader that a quorum confirms could say what the latest state is: "+reason(err)+
			". Without "+paramConsistency+"="+consistencyLinearizable+" this node answers from its own state.")
	}
	return err
}

func unavailable(code, message string) error {
	return &dialect.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: code, Message: message, RetryAfter: retryAfter,
	}
}

// reason is an error's text as part of a line.
func reason(err error) string { return clip(strings.ReplaceAll(err.Error(), "\n", "; ")) }
