package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers/dialect"
)

const (
	// maxTries bounds how often a change is planned because another write came first.
	maxTries = 10
	// catchUpTimeout bounds the wait for a revision that a client has named and this node has not seen.
	catchUpTimeout = time.Second
	// newsTimeout bounds the wait for the write that came first. A repeated request finds none.
	newsTimeout = 500 * time.Millisecond
)

// plan is what a request would do to one view.
type plan struct {
	kind    fsm.Type
	payload any
	diff    []document.Difference
}

// planner plans a change of the configuration in force. Its error is document.Faults or fit for the client.
type planner func(*fsm.View) (plan, error)

// diffView is a difference for people and for programs.
type diffView struct {
	Lines   []string              `json:"lines"`
	Changes []document.Difference `json:"changes"`
}

func viewDiff(all []document.Difference) diffView {
	return diffView{Lines: document.Lines(all), Changes: all}
}

// dryRunView is the answer to a request that only asks what it would do.
type dryRunView struct {
	DryRun   bool     `json:"dry_run"`
	Revision uint64   `json:"revision"`
	Diff     diffView `json:"diff"`
}

// changeView is the answer to a change of the configuration.
type changeView struct {
	fsm.Receipt

	Diff diffView `json:"diff"`
}

// terms are what a client says about a change beside the change itself.
type terms struct {
	dry bool
	key string
	// expected is the revision that the change is based on, 0 for whichever there is.
	expected uint64
}

func termsOf(r *http.Request) (t terms, err error) {
	if t.dry, err = dryRun(r); err != nil {
		return t, err
	}
	if t.key, err = idempotencyKey(r); err != nil {
		return t, err
	}
	t.expected, err = expectedRevision(r)
	return t, err
}

// change plans a write against the configuration that this node has and proposes it on the condition that it still is
// the one in force. Who names a revision hears of a conflict; for anybody else the write is planned anew.
func (a *API) change(w http.ResponseWriter, r *http.Request, plan planner) error {
	t, err := termsOf(r)
	if err != nil {
		return err
	}
	if !t.dry {
		w.Header().Set(headerKey, t.key)
	}
	ctx, cancel := context.WithTimeout(r.Context(), writeTimeout)
	defer cancel()
	v, err := a.viewAt(ctx, t.expected)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		p, err := plan(v)
		if faults, ok := errors.AsType[document.Faults](err); ok {
			return writeFaults(w, faults)
		}
		if err != nil {
			return err
		}
		if t.dry {
			return answerDryRun(w, v, t.expected, p)
		}
		receipt, err := a.proposeChange(ctx, p, v.Revision, t, try)
		if t.expected == 0 && try+1 < maxTries && outdated(err) {
			v = a.viewAfter(ctx, v.Revision)
			continue
		}
		if err != nil {
			return told(err)
		}
		setIndex(w, receipt.Index)
		w.Header().Set("ETag", etag(receipt.Revision))
		return writeJSON(w, changeView{Receipt: receipt, Diff: viewDiff(p.diff)})
	}
}

// proposeChange proposes the plan that was made for a revision. The state machine remembers a refusal under the
// command's key, so each further try has a key of its own, which follows from the client's: a repeated request goes the
// same way and finds the outcome of the first.
func (a *API) proposeChange(ctx context.Context, p plan, revision uint64, t terms, try int) (fsm.Receipt, error) {
	command, err := fsm.NewCommand(p.kind, p.payload)
	if err != nil {
		return fsm.Receipt{}, err
	}
	command.Key, command.IfRevision = t.key, revision
	if t.expected != 0 {
		command.IfRevision = t.expected
	}
	if try > 0 {
		sum := sha256.Sum256([]byte(t.key))
		command.Key = "try " + strconv.Itoa(try+1) + " of " + hex.EncodeToString(sum[:])
	}
	return a.propose(ctx, command)
}

// outdated tells that a write came first.
func outdated(err error) bool {
	rejection, ok := errors.AsType[*fsm.Rejection](err)
	return ok && rejection.Code == fsm.RejectedRevision
}

// viewAt returns the node's view once it has the revision, which another node may have told of sooner.
func (a *API) viewAt(ctx context.Context, revision uint64) (*fsm.View, error) {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	for {
		v, newer := a.store.Watch()
		if v.ClusterID != "" && v.Revision >= revision {
			return v, nil
		}
		select {
		case <-newer:
			continue
		case <-ctx.Done():
		}
		if v.ClusterID == "" {
			return nil, notInitialised()
		}
		return nil, told(revisionMismatch(v.Revision, revision))
	}
}

func notInitialised() error {
	return &dialect.Error{
		Status: http.StatusServiceUnavailable, Type: "server_error", Code: "not_initialised",
		Message:    "This node has no configuration yet: it is joining, or the cluster is forming.",
		RetryAfter: retryAfter,
	}
}

// viewAfter returns the node's view once it is newer than the revision, or as it is when that takes too long.
func (a *API) viewAfter(ctx context.Context, revision uint64) *fsm.View {
	ctx, cancel := context.WithTimeout(ctx, newsTimeout)
	defer cancel()
	for {
		v, newer := a.store.Watch()
		if v.Revision > revision {
			return v
		}
		select {
		case <-newer:
		case <-ctx.Done():
			return v
		}
	}
}

func revisionMismatch(is, expected uint64) error {
	return &fsm.Rejection{Code: fsm.RejectedRevision, Message: fmt.Sprintf("the revision is %d, not %d", is, expected)}
}

func answerDryRun(w http.ResponseWriter, v *fsm.View, expected uint64, p plan) error {
	if expected != 0 && expected != v.Revision {
		return told(revisionMismatch(v.Revision, expected))
	}
	w.Header().Set("ETag", etag(v.Revision))
	return writeJSON(w, dryRunView{DryRun: true, Revision: v.Revision, Diff: viewDiff(p.diff)})
}

// faultsView is the answer to a configuration with faults: an error of the usual shape, and each fault by itself.
type faultsView struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Param   string `json:"param"`
		Code    string `json:"code"`
	} `json:"error"`
	Faults document.Faults `json:"faults"`
}

// mostFaults bounds how many faults an answer tells.
const mostFaults = 100

func writeFaults(w http.ResponseWriter, faults document.Faults) error {
	var view faultsView
	count := "1 fault"
	if len(faults) != 1 {
		count = strconv.Itoa(len(faults)) + " faults"
	}
	view.Faults = faults[:min(len(faults), mostFaults)]
	view.Error.Message = "The configuration has " + count + " and nothing was changed:\n" + view.Faults.Error()
	view.Error.Type, view.Error.Code, view.Error.Param = "invalid_request_error", "invalid_configuration", faults[0].Path
	return writeJSONStatus(w, http.StatusBadRequest, view)
}
