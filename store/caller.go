package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"aiproxy/fsm"
)

// maxCallBody bounds a peer call's body and reply: a forwarded command and what is around it.
const maxCallBody = fsm.MaxConfigSize + 64<<10

// caller makes calls to other nodes.
type caller struct {
	client *http.Client
}

// callError is another node's refusal of a call.
type callError struct {
	Code    callCode `json:"code"`
	Message string   `json:"message"`
	// Leader is the leader's address, if the refusing node knows it.
	Leader string `json:"leader,omitempty"`
}

// Error implements error.
func (e *callError) Error() string { return e.Message }

// Unwrap makes one of these refusals known to callers of the store.
func (e *callError) Unwrap() error {
	if e.Code == codeLevel {
		return fsm.ErrLevelTooLow
	}
	return nil
}

// callCode classifies a callError.
type callCode string

// The reasons for which a node refuses a call.
const (
	codeNotLeader        callCode = "not_leader"
	codeIndeterminate    callCode = "indeterminate"
	codeInvalid          callCode = "invalid"
	codeForming          callCode = "forming"
	codeClustered        callCode = "clustered"
	codeAlone            callCode = "not_clustered"
	codeDuplicateID      callCode = "duplicate_id"
	codeDuplicateAddress callCode = "duplicate_address"
	codeUnreachable      callCode = "unreachable"
	codeWrongNode        callCode = "wrong_node"
	codeLevel            callCode = "feature_level"
	codeRemoved          callCode = "removed"
	codeQuorum           callCode = "quorum_at_risk"
)

// permanent tells that asking again can't help.
func (c callCode) permanent() bool {
	switch c {
	case codeAlone, codeDuplicateID, codeDuplicateAddress, codeWrongNode, codeInvalid, codeLevel, codeRemoved:
		return true
	default:
		return false
	}
}

// decided tells a leader's decision from a node's word that it can't decide.
func (c callCode) decided() bool { return c != codeNotLeader && c != codeForming }

// applyReply answers a forwarded write.
type applyReply struct {
	Receipt   fsm.Receipt    `json:"receipt"`
	Rejection *fsm.Rejection `json:"rejection,omitempty"`
}

// apply forwards a write to the leader, with what is left of its deadline.
func (c *caller) apply(ctx context.Context, address string, command fsm.Command) (fsm.Receipt, error) {
	var reply applyReply
	sent, err := c.call(ctx, http.MethodPost, address, pathApply, command, &reply)
	var refused *callError
	switch {
	case err == nil && reply.Rejection != nil:
		return fsm.Receipt{}, reply.Rejection
	case err == nil:
		return reply.Receipt, nil
	case !sent, errors.As(err, &refused) && !refused.Code.decided():
		return fsm.Receipt{}, fmt.Errorf("%w: forward to %s: %w", errNotLeader, address, err)
	default:
		return fsm.Receipt{}, fmt.Errorf("forward to %s: %w", address, err)
	}
}

// ping asks a node how it is.
func (c *caller) ping(ctx context.Context, address string) (pingReply, error) {
	var reply pingReply
	_, err := c.call(ctx, http.MethodGet, address, pathPing, nil, &reply)
	return reply, err
}

// join asks a node for admission.
func (c *caller) join(ctx context.Context, address string, request joinRequest) (joinReply, error) {
	var reply joinReply
	_, err := c.call(ctx, http.MethodPost, address, pathJoin, request, &reply)
	return reply, err
}

// waitApplied waits until the node has applied index, or a little less than ctx's end, and returns how far it is.
func (c *caller) waitApplied(ctx context.Context, address string, index uint64) (uint64, error) {
	var reply appliedReply
	path := pathApplied + "?index=" + strconv.FormatUint(index, 10)
	_, err := c.call(ctx, http.MethodGet, address, path, nil, &reply)
	return reply.Applied, err
}

// call makes one call. sent false means that the request surely did not reach the other node.
func (c *caller) call(ctx context.Context, method, address, path string, in, out any) (sent bool, err error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return false, fmt.Errorf("encode call: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	request, err := http.NewRequestWithContext(traced, method, "http://"+address+path, body)
	if err != nil {
		return false, fmt.Errorf("make call: %w", err)
	}
	// Every call may be repeated: writes have a key of their own, and joining twice is joining once. The empty list
	// tells net/http so, which then tries a dead pooled connection's call again on a fresh one; it is not sent.
	request.Header["Idempotency-Key"] = []string{}
	if deadline, ok := ctx.Deadline(); ok {
		request.Header.Set(deadlineHeader, strconv.FormatInt(time.Until(deadline).Milliseconds(), 10))
	}
	response, err := c.client.Do(request)
	if err != nil {
		return connected.Load(), unwrapURL(err)
	}
	defer response.Body.Close()
	return true, decodeReply(response, out)
}

func decodeReply(response *http.Response, out any) error {
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxCallBody))
	if err != nil {
		return fmt.Errorf("read reply: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal(raw, out); err != nil {
			return fmt.Errorf("decode reply: %w", err)
		}
		return nil
	}
	var refused callError
	if err := json.Unmarshal(raw, &refused); err != nil || refused.Code == "" {
		return fmt.Errorf("peer answered %s", response.Status)
	}
	return &refused
}
