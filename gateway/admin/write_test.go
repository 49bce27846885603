package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
)

const (
	algorithmPath = "/loadbalancer/algorithm"
	instancePath  = "/loadbalancer/instances/a"
)

func TestWritesBecomeCommands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		header           []string
		typ              fsm.Type
		payload          string
		key              string
		revision         uint64
	}{
		{"algorithm", algorithmPath, `{"algorithm": "round_robin"}`, nil, fsm.AlgorithmSet, `{"algorithm":"round_robin"}`, "", 0},
		{"weight", instancePath, `{"weight": 5}`, nil, fsm.InstanceUpdate, `{"name":"a","weight":5}`, "", 0},
		{"weight 0 is a weight", instancePath, `{"weight": 0}`, nil, fsm.InstanceUpdate, `{"name":"a","weight":0}`, "", 0},
		{"enabled", instancePath, `{"enabled": false}`, nil, fsm.InstanceUpdate, `{"name":"a","enabled":false}`, "", 0},
		{
			"both, with conditions", instancePath, `{"enabled": true, "weight": 1}`,
			[]string{"If-Match", `"7"`, "Idempotency-Key", "deploy 42"},
			fsm.InstanceUpdate, `{"name":"a","weight":1,"enabled":true}`, "deploy 42", 7,
		},
		{"bare revision", instancePath, `{"weight": 1}`, []string{"If-Match", "7"}, fsm.InstanceUpdate, `{"name":"a","weight":1}`, "", 7},
		{"any revision", instancePath, `{"weight": 1}`, []string{"If-Match", "*"}, fsm.InstanceUpdate, `{"name":"a","weight":1}`, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{view: testView(), receipt: fsm.Receipt{Index: 41, Revision: 8, Applied: []string{"n1", "n2"}}}
			answer := ask(newAPI(t, store), http.MethodPut, tt.path, tt.body, tt.header...)
			if want := `{"index":41,"revision":8,"applied":["n1","n2"]}` + "\n"; answer.Code != http.StatusOK || answer.Body.String() != want {
				t.Fatalf("answer = %d %s, want 200 %s", answer.Code, answer.Body, want)
			}
			if got := answer.Header().Get("ETag"); got != `"8"` {
				t.Errorf("ETag = %s, want \"8\"", got)
			}
			if len(store.applied()) != 1 {
				t.Fatalf("%d commands, want 1", len(store.applied()))
			}
			command := store.applied()[0]
			if command.Type != tt.typ || string(command.Payload) != tt.payload || command.IfRevision != tt.revision {
				t.Errorf("command = %s %s if %d, want %s %s if %d",
					command.Type, command.Payload, command.IfRevision, tt.typ, tt.payload, tt.revision)
			}
			if tt.key != "" && command.Key != tt.key || command.Key == "" || command.Key != answer.Header().Get("Idempotency-Key") {
				t.Errorf("key = %q, told %q, want %q", command.Key, answer.Header().Get("Idempotency-Key"), tt.key)
			}
		})
	}
}

func TestEveryWriteHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	store := &fakeStore{view: testView()}
	api := newAPI(t, store)
	for range 2 {
		ask(api, http.MethodPut, instancePath, `{"weight": 5}`)
	}
	if c := store.applied(); len(c) != 2 || c[0].Key == c[1].Key {
		t.Errorf("two writes have the keys of %v", c)
	}
}

func TestFaultyWritesAreNotProposed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		header           []string
		status           int
		want             string
	}{
		{"unknown algorithm", algorithmPath, `{"algorithm": "fastest"}`, nil, 400, `unknown_algorithm algorithm: There is no algorithm "fastest". Known are round_robin, weighted.`},
		{"no algorithm", algorithmPath, `{}`, nil, 400, "missing_required_parameter algorithm: "},
		{"algorithm of another type", algorithmPath, `{"algorithm": 3}`, nil, 400, "invalid_value algorithm: algorithm must be a string."},
		{"algorithm null", algorithmPath, `{"algorithm": null}`, nil, 400, "invalid_value algorithm: "},
		{"empty body", algorithmPath, ``, nil, 400, "invalid_json : "},
		{"no object", algorithmPath, `[1]`, nil, 400, "invalid_json : "},
		{"null", algorithmPath, `null`, nil, 400, "invalid_json : "},
		{"broken", algorithmPath, `{"algorithm": "weighted"`, nil, 400, "invalid_json : The request body is not a JSON object: fault at byte 24."},
		{"two values", algorithmPath, `{"algorithm": "weighted"} {}`, nil, 400, "invalid_json : "},
		{"unknown fields", instancePath, `{"weight": 1, "wieght": 2, "color": "red"}`, nil, 400, `unknown_parameter color: The request has fields that mean nothing here: "color", "wieght". Known are weight, enabled.`},
		{"case matters", instancePath, `{"Weight": 1}`, nil, 400, `unknown_parameter Weight: `},
		{"dry run that there is not", instancePath + "?dry_run=true", `{"weight": 1}`, nil, 400, `unknown_parameter dry_run: `},
		{"nothing to change", instancePath, `{}`, nil, 400, "missing_required_parameter : "},
		{"weight with a fraction", instancePath, `{"weight": 1.5}`, nil, 400, "invalid_value weight: weight must be a whole number from 0 to 1000."},
		{"weight as text", instancePath, `{"weight": "3"}`, nil, 400, "invalid_value weight: "},
		{"enabled as number", instancePath, `{"enabled": 1}`, nil, 400, "invalid_value enabled: enabled must be true or false."},
		{"too large", instancePath, `{"weight": ` + strings.Repeat(" ", 1<<20) + `1}`, nil, 413, "request_too_large : "},
		{"several revisions", instancePath, `{"weight": 1}`, []string{"If-Match", `"7", "8"`}, 400, "invalid_value If-Match: "},
		{"revision that is none", instancePath, `{"weight": 1}`, []string{"If-Match", `"abc"`}, 400, "invalid_value If-Match: "},
		{"revision 0", instancePath, `{"weight": 1}`, []string{"If-Match", `"0"`}, 412, "revision_mismatch : "},
		{"long key", instancePath, `{"weight": 1}`, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "invalid_value Idempotency-Key: "},
		{"odd key", instancePath, `{"weight": 1}`, []string{"Idempotency-Key", "k\u00fc"}, 400, "invalid_value Idempotency-Key: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{view: testView()}
			answer := ask(newAPI(t, store), http.MethodPut, tt.path, tt.body, tt.header...)
			if answer.Code != tt.status || !strings.HasPrefix(answer.Body.String(), tt.want) {
				t.Errorf("answer = %d %s, want %d %s", answer.Code, answer.Body, tt.status, tt.want)
			}
			if c := store.applied(); len(c) != 0 {
				t.Errorf("proposed %v", c)
			}
		})
	}
}

func TestOutcomesOfWrites(t *testing.T) {
	t.Parallel()
	rejection := func(code fsm.RejectionCode) error {
		return fmt.Errorf("apply: %w", &fsm.Rejection{Code: code, Message: "there is no instance a"})
	}
	tests := []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"not found", rejection(fsm.RejectedNotFound), 404, "not_found : There is no instance a."},
		{"conflict", rejection(fsm.RejectedConflict), 409, "conflict : "},
		{"revision", rejection(fsm.RejectedRevision), 412, "revision_mismatch : "},
		{"invalid", rejection(fsm.RejectedInvalid), 400, "invalid : "},
		{"a code of a newer build", rejection("odd"), 409, "odd : "},
		{"removed node", rejection("removed"), 409, "removed : "},
		{"rejection without a word", &fsm.Rejection{Code: fsm.RejectedConflict}, 409, "conflict : The write was refused."},
		{"no leader", fmt.Errorf("forward: %w", fsm.ErrNoLeader), 503, "no_leader : Nothing was written: the cluster has no leader at the moment. If it stays so, bring back"},
		{"indeterminate", fmt.Errorf("forward: %w", fsm.ErrIndeterminate), 503, "indeterminate : Outcome unknown"},
		{"deadline", context.DeadlineExceeded, 503, "indeterminate : Outcome unknown"},
		{"canceled", context.Canceled, 503, "indeterminate : Outcome unknown"},
		{"a fault of the node", errors.New("disk full"), 500, "untold: disk full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(newAPI(t, &fakeStore{view: testView(), err: tt.err}), http.MethodPut, instancePath, `{"weight": 5}`)
			if answer.Code != tt.status || !strings.HasPrefix(answer.Body.String(), tt.want) {
				t.Errorf("answer = %d %s, want %d %s", answer.Code, answer.Body, tt.status, tt.want)
			}
			if answer.Header().Get("Idempotency-Key") == "" {
				t.Error("the answer does not tell the idempotency key")
			}
		})
	}
}

func TestReceiptWithoutNodesIsAList(t *testing.T) {
	t.Parallel()
	answer := ask(newAPI(t, &fakeStore{view: testView(), receipt: fsm.Receipt{Index: 1}}), http.MethodPut, instancePath, `{"weight": 5}`)
	var got map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{}, got["applied"]); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}
