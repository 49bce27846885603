package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"aiproxy/fsm"
	"aiproxy/providers/dialect"
)

const (
	// writeTimeout bounds a write; the store gives up earlier when there is no leader.
	writeTimeout = 15 * time.Second
	// retryAfter is the advice to a client whose write found no leader: an election takes about that long.
	retryAfter = 2 * time.Second
	// maxKeySize is the longest idempotency key that the state machine remembers, in bytes.
	maxKeySize = 255
)

// noLeaderAdvice says why nothing can be decided, and what to do.
const noLeaderAdvice = "the cluster has no leader at the moment. If it stays so, bring back enough of the voters that " +
	"/cluster/status shows as unreachable; only they can decide."

// The headers of a conditional and repeatable write.
const (
	headerKey     = "Idempotency-Key"
	headerIfMatch = "If-Match"
)

// write proposes one change and answers where it stands. The answer tells the idempotency key in use, so that a
// client that gave none can still repeat a write whose outcome it does not know.
func (a *API) write(w http.ResponseWriter, r *http.Request, t fsm.Type, payload any) error {
	if err := checkQuery(r); err != nil {
		return err // Somebody may have meant a dry run.
	}
	command, err := fsm.NewCommand(t, payload)
	if err != nil {
		return err
	}
	if command.Key, err = idempotencyKey(r); err != nil {
		return err
	}
	if command.IfRevision, err = expectedRevision(r); err != nil {
		return err
	}
	w.Header().Set(headerKey, command.Key)

	ctx, cancel := context.WithTimeout(r.Context(), writeTimeout)
	defer cancel()
	receipt, err := a.propose(ctx, command)
	if err != nil {
		return told(err)
	}
	setIndex(w, receipt.Index)
	w.Header().Set("ETag", etag(receipt.Revision))
	return writeJSON(w, receipt)
}

// propose applies a command in the name of the caller and logs how that went.
func (a *API) propose(ctx context.Context, command fsm.Command) (fsm.Receipt, error) {
	command.By = caller(ctx)
	receipt, err := a.store.Apply(ctx, command)
	if err != nil {
		a.logger.LogAttrs(ctx, slog.LevelInfo, "configuration write refused",
			slog.String("type", string(command.Type)), slog.String("by", command.By),
			slog.String("idempotency_key", command.Key), slog.Any("error", err))
		return fsm.Receipt{}, err
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "configuration written",
		slog.String("type", string(command.Type)), slog.String("by", command.By),
		slog.String("idempotency_key", command.Key),
		slog.Uint64("index", receipt.Index), slog.Uint64("revision", receipt.Revision))
	if receipt.Applied == nil {
		receipt.Applied = []string{}
	}
	return receipt, nil
}

// idempotencyKey returns the client's key, or a new one.
func idempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get(headerKey)
	if key == "" {
		return rand.Text(), nil
	}
	printable := strings.IndexFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) < 0
	if len(key) > maxKeySize || !printable {
		return "", badRequest("invalid_value", headerKey,
			fmt.Sprintf("%s must be at most %d printable ASCII characters.", headerKey, maxKeySize))
	}
	return key, nil
}

// expectedRevision returns the revision that the client bases its change on, 0 for any.
func expectedRevision(r *http.Request) (uint64, error) {
	tag := strings.TrimSpace(r.Header.Get(headerIfMatch))
	if tag == "" || tag == "*" {
		return 0, nil
	}
	revision, err := strconv.ParseUint(strings.Trim(tag, `"`), 10, 64)
	if err != nil {
		return 0, badRequest("invalid_value", headerIfMatch,
			headerIfMatch+` must be one revision, as the ETag of an earlier answer has it: "12".`)
	}
	if revision == 0 {
		// The command has no way to say "if nothing was ever written", and something always was.
		return 0, told(&fsm.Rejection{Code: fsm.RejectedRevision, Message: "the revision is not 0"})
	}
	return revision, nil
}

func etag(revision uint64) string { return `"` + strconv.FormatUint(revision, 10) + `"` }

// told maps the outcome of a write to what the client hears of it. Other errors stay as they are.
func told(err error) error {
	var rejection *fsm.Rejection
	switch {
	case errors.As(err, &rejection):
		return &dialect.Error{
			Status:  statusOf(rejection.Code),
			Type:    "invalid_request_error",
			Code:    string(rejection.Code),
			Message: sentence(rejection.Message),
		}
	case errors.Is(err, fsm.ErrLevelTooLow), errors.Is(err, fsm.ErrUnknownType):
		return &dialect.Error{
			Status:  http.StatusConflict,
			Type:    "invalid_request_error",
			Code:    "feature_level_too_low",
			Message: sentence(err.Error()),
		}
	case errors.Is(err, fsm.ErrNoLeader):
		return &dialect.Error{
			Status:     http.StatusServiceUnavailable,
			Type:       "server_error",
			Code:       "no_leader",
			Message:    "Nothing was written: " + noLeaderAdvice,
			RetryAfter: retryAfter,
		}
	case errors.Is(err, fsm.ErrIndeterminate), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &dialect.Error{
			Status: http.StatusServiceUnavailable,
			Type:   "server_error",
			Code:   "indeterminate",
			Message: "Outcome unknown: the write may or may not take effect. Repeat it with the " + headerKey +
				" of this answer; it is carried out once at most.",
			RetryAfter: retryAfter,
		}
	case errors.Is(err, fsm.ErrCommandTooLarge):
		return &dialect.Error{
			Status:  http.StatusRequestEntityTooLarge,
			Type:    "invalid_request_error",
			Code:    "request_too_large",
			Message: sentence(err.Error()),
		}
	}
	return err
}

func statusOf(code fsm.RejectionCode) int {
	switch code {
	case fsm.RejectedNotFound:
		return http.StatusNotFound
	case fsm.RejectedConflict:
		return http.StatusConflict
	case fsm.RejectedRevision:
		return http.StatusPreconditionFailed
	case fsm.RejectedInvalid:
		return http.StatusBadRequest
	default:
		return http.StatusConflict // Of the store: the state of this node does not admit it.
	}
}

// sentence turns an error's text into one.
func sentence(text string) string {
	if text == "" {
		return "The write was refused."
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func writeJSON(w http.ResponseWriter, v any) error { return writeJSONStatus(w, http.StatusOK, v) }

func writeJSONStatus(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // It is read by people and is no part of a page.
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // A client that has left does not miss it.
	return nil
}
