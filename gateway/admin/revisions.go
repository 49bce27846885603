package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers/dialect"
)

// entry is one accepted change, as the audit log and the list of revisions tell it.
type entry struct {
	Index    uint64    `json:"index"`
	Revision uint64    `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Type     fsm.Type  `json:"type"`
	Target   string    `json:"target,omitempty"`
	Summary  []string  `json:"summary"`
}

func entryOf(c fsm.Change) entry {
	e := entry{Index: c.Index, Revision: c.Revision, At: c.At, By: c.By, Type: c.Type, Target: c.Target, Summary: c.Summary}
	if e.Summary == nil {
		e.Summary = []string{}
	}
	return e
}

// revisionsView is the answer to GET /config/revisions.
type revisionsView struct {
	Current   uint64  `json:"current"`
	Revisions []entry `json:"revisions"`
}

// listRevisions tells the configurations that can be looked at and rolled back to, the newest first.
func (a *API) listRevisions(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	v := a.view(r)
	answer := revisionsView{Current: v.Revision, Revisions: []entry{}}
	for _, c := range v.Revisions() {
		answer.Revisions = append(answer.Revisions, entryOf(c))
	}
	w.Header().Set("ETag", etag(v.Revision))
	return writeJSON(w, answer)
}

// revisionView is the answer to GET /config/revisions/{revision}.
type revisionView struct {
	Revision      uint64            `json:"revision"`
	Current       uint64            `json:"current"`
	Configuration document.Document `json:"configuration"`
	// Diff is what a rollback to the revision would change.
	Diff diffView `json:"diff"`
}

// showRevision tells a kept configuration, and what going back to it would change.
func (a *API) showRevision(w http.ResponseWriter, r *http.Request) error {
	text := mux.Vars(r)["revision"]
	revision, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return badRequest("invalid_value", "revision", strconv.Quote(clip(text))+" is not a revision: give a number such as 12.")
	}
	v := a.view(r)
	kept, err := keptAt(v, revision)
	if err != nil {
		return err
	}
	return writeJSON(w, revisionView{
		Revision: revision, Current: v.Revision, Configuration: documentOf(kept, revision),
		Diff: viewDiff(document.Diff(current(v), kept, a.sealer)),
	})
}

// keptAt returns the configuration of a revision, or an error that says which revisions there are.
func keptAt(v *fsm.View, revision uint64) (fsm.Configuration, error) {
	if kept, ok := v.At(revision); ok {
		return kept, nil
	}
	message := fmt.Sprintf("Revision %d is not kept.", revision)
	if all := v.Revisions(); len(all) > 0 {
		message += fmt.Sprintf(" Kept are %d revisions from %d to %d.", len(all), all[len(all)-1].Revision, all[0].Revision)
	}
	return fsm.Configuration{}, &dialect.Error{
		Status: http.StatusNotFound, Type: "invalid_request_error", Code: "not_found", Param: "revision", Message: message,
	}
}

// rollback puts the configuration of an earlier revision back, as a new revision.
func (a *API) rollback(w http.ResponseWriter, r *http.Request) error {
	var revision *uint64
	if err := readFields(w, r, field{name: "revision", into: &revision, kind: "a revision, such as 12"}); err != nil {
		return err
	}
	if revision == nil {
		return badRequest("missing_required_parameter", "revision", "The request names no revision to go back to.")
	}
	return a.change(w, r, func(v *fsm.View) (plan, error) {
		kept, err := keptAt(v, *revision)
		if err != nil {
			return plan{}, err
		}
		return plan{
			kind: fsm.ConfigRollback, payload: fsm.Rollback{Revision: *revision},
			diff: document.Diff(current(v), kept, a.sealer),
		}, nil
	})
}
