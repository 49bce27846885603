package admin

import (
	"net/http"
	"strconv"
	"time"

	"aiproxy/fsm"
)

// The number of entries of the audit log in one answer, and the most that a client may ask for.
const (
	auditLimit    = 100
	maxAuditLimit = 1000
)

// auditView is the answer to GET /audit.
type auditView struct {
	// Index is the log entry up to which the answer is complete.
	Index   uint64  `json:"index"`
	Changes []entry `json:"changes"`
}

// listAudit tells the accepted changes, the newest first.
func (a *API) listAudit(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r, "limit", "since"); err != nil {
		return err
	}
	limit, err := auditLimitOf(r.URL.Query().Get("limit"))
	if err != nil {
		return err
	}
	later, err := auditSince(r.URL.Query().Get("since"))
	if err != nil {
		return err
	}
	v := a.view(r)
	answer := auditView{Index: v.Index, Changes: []entry{}}
	for _, c := range v.Audit() {
		if len(answer.Changes) == limit || !later(c) {
			break
		}
		answer.Changes = append(answer.Changes, entryOf(c))
	}
	return writeJSON(w, answer)
}

func auditLimitOf(text string) (int, error) {
	if text == "" {
		return auditLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxAuditLimit {
		return 0, badRequest("invalid_value", "limit", "limit must be a whole number from 1 to "+strconv.Itoa(maxAuditLimit)+".")
	}
	return limit, nil
}

// auditSince returns the test for changes after a log index, or not before a time.
func auditSince(text string) (func(fsm.Change) bool, error) {
	if text == "" {
		return func(fsm.Change) bool { return true }, nil
	}
	if index, err := strconv.ParseUint(text, 10, 64); err == nil {
		return func(c fsm.Change) bool { return c.Index > index }, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, badRequest("invalid_value", "since",
			"since must be an index of an earlier answer, such as 41, or a time such as 2026-01-31T15:04:05Z.")
	}
	return func(c fsm.Change) bool { return !c.At.Before(at) }, nil
}
