//go:build chaos && linux

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	clientKey = "client-key-of-the-tests"
	// statusTimeout is more than a node ever takes to say its status.
	statusTimeout = 3 * time.Second
	// writeTimeout is more than a node waits for the outcome of a write.
	writeTimeout = 15 * time.Second
	chatTimeout  = 20 * time.Second
)

// status is the part of /cluster/status that is looked at.
type status struct {
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id"`
	State     string `json:"state"`
	Term      uint64 `json:"term"`
	Ready     bool   `json:"ready"`
	Fault     string `json:"fault,omitempty"`
	HasQuorum bool   `json:"has_quorum"`
	Leader    *struct {
		NodeID string `json:"node_id"`
	} `json:"leader"`
	Quorum struct {
		Voters        int `json:"voters"`
		HealthyVoters int `json:"healthy_voters"`
	} `json:"quorum"`
	Raft struct {
		FSMIndex          uint64 `json:"fsm_index"`
		CommitIndex       uint64 `json:"commit_index"`
		LastSnapshotIndex uint64 `json:"last_snapshot_index"`
		LeaderChanges     uint64 `json:"leader_changes"`
	} `json:"raft"`
	Nodes []struct {
		ID        string `json:"id"`
		Suffrage  string `json:"suffrage"`
		Reachable bool   `json:"reachable"`
		Lag       uint64 `json:"lag"`
	} `json:"nodes"`
	FeatureLevel int    `json:"feature_level"`
	Revision     uint64 `json:"revision"`
	StateHash    string `json:"state_hash"`
}

// suffrage of a member, or "" for none.
func (s *status) suffrage(id string) string {
	for _, m := range s.Nodes {
		if m.ID == id {
			return m.Suffrage
		}
	}
	return ""
}

func (n *node) askStatus(ctx context.Context) (status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var s status
	answer, err := n.call(ctx, http.MethodGet, "/cluster/status", "", nil)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(answer.body, &s); err != nil {
		return s, fmt.Errorf("status of %s: %w", n.id, err)
	}
	return s, nil
}

// status is what the node says of the cluster; the zero value stands for no answer.
func (n *node) status() status {
	s, err := n.askStatus(n.w.t.Context())
	if err != nil {
		return status{}
	}
	return s
}

// ready tells whether the node says that it is.
func (n *node) ready() bool {
	ctx, cancel := context.WithTimeout(n.w.t.Context(), statusTimeout)
	defer cancel()
	answer, err := n.call(ctx, http.MethodGet, "/readyz", "", nil)
	return err == nil && answer.code == http.StatusOK
}

// lostError is the failure of a request that was sent, once at least: the client of net/http repeats some by itself, so that the
// last failure may be to connect.
type lostError struct{ error }

// Unwrap returns the last failure.
func (e *lostError) Unwrap() error { return e.error }

// reply is a node's answer.
type reply struct {
	code   int
	header http.Header
	body   []byte
}

// call makes one request with the clients' key.
func (n *node) call(ctx context.Context, method, path, body string, header map[string]string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	response, err := n.w.http.Do(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	switch {
	case err != nil && sent.Load():
		return reply{}, &lostError{err}
	case err != nil:
		return reply{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return reply{code: response.StatusCode, header: response.Header, body: raw}, err
}

// verdict is what a client knows of a write.
type verdict string

const (
	applied verdict = "applied"
	// refused is the answer that the revision has moved on.
	refused verdict = "refused"
	// nothing means that the write never takes effect, unknown that it may, now or later.
	nothing verdict = "nothing"
	unknown verdict = "unknown"
	// odd is an answer that no client should get.
	odd verdict = "odd"
)

// receipt is the answer to a write that was applied.
type receipt struct {
	Index    uint64   `json:"index"`
	Revision uint64   `json:"revision"`
	Applied  []string `json:"applied"`
}

// setWeight writes a register: the weight of the instance of that name. ifMatch 0 writes unconditionally.
func (n *node) setWeight(ctx context.Context, key string, weight int, ifMatch uint64, repeatKey string) (receipt, verdict, string) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	header := map[string]string{"Idempotency-Key": repeatKey}
	if ifMatch > 0 {
		header["If-Match"] = `"` + strconv.FormatUint(ifMatch, 10) + `"`
	}
	answer, err := n.call(ctx, http.MethodPut, "/loadbalancer/instances/"+key, fmt.Sprintf(`{"weight": %d}`, weight), header)
	if err != nil {
		if _, sent := errors.AsType[*lostError](err); sent {
			return receipt{}, unknown, err.Error()
		}
		return receipt{}, nothing, err.Error()
	}
	var r receipt
	switch {
	case answer.code == http.StatusOK && json.Unmarshal(answer.body, &r) == nil:
		return r, applied, ""
	case answer.code == http.StatusPreconditionFailed:
		return r, refused, ""
	case answer.code == http.StatusServiceUnavailable && bytes.Contains(answer.body, []byte(`"no_leader"`)):
		return r, nothing, "no leader"
	case answer.code == http.StatusConflict && bytes.Contains(answer.body, []byte(`"removed"`)):
		return r, nothing, "removed"
	case answer.code == http.StatusServiceUnavailable && bytes.Contains(answer.body, []byte(`"indeterminate"`)):
		return r, unknown, "indeterminate"
	}
	return r, odd, fmt.Sprintf("status %d: %s", answer.code, answer.body)
}

// refusedConnection tells that a request was never sent because no connection came about.
func refusedConnection(err error) bool {
	_, sent := errors.AsType[*lostError](err)
	operation, ok := errors.AsType[*net.OpError](err)
	return !sent && ok && operation.Op == "dial"
}

// registers is the state of all keys at one revision.
type registers struct {
	Revision  uint64 `json:"revision"`
	Instances []struct {
		Name   string `json:"name"`
		Weight int    `json:"weight"`
	} `json:"instances"`
}

// readWeights reads all registers, from the node's own state or linearizably.
func (n *node) readWeights(ctx context.Context, linearizable bool) (registers, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	path := "/loadbalancer/instances"
	if linearizable {
		path += "?consistency=linearizable"
	}
	var r registers
	answer, err := n.call(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return r, err
	}
	if answer.code != http.StatusOK {
		return r, fmt.Errorf("read at %s: status %d: %s", n.id, answer.code, answer.body)
	}
	return r, json.Unmarshal(answer.body, &r)
}

// chat makes one chat request, which must be answered in full.
func (n *node) chat(ctx context.Context, stream bool) error {
	ctx, cancel := context.WithTimeout(ctx, chatTimeout)
	defer cancel()
	body := fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"Hello"}]}`, chatModel, stream)
	answer, err := n.call(ctx, http.MethodPost, "/v1/chat/completions", body, nil)
	switch {
	case err != nil:
		return err
	case answer.code != http.StatusOK:
		return fmt.Errorf("status %d: %s", answer.code, answer.body)
	case stream && !bytes.HasSuffix(bytes.TrimSpace(answer.body), []byte("data: [DONE]")):
		return errors.New("the stream was cut")
	}
	return nil
}
