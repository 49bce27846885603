package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"aiproxy/fsm"
	"aiproxy/gateway/admin"
	"aiproxy/providers/dialect"
)

// fakeCluster remembers the last request and answers with what the test says.
type fakeCluster struct {
	asked string
	err   error
}

func (c *fakeCluster) Transfer(ctx context.Context, to string) (string, error) {
	c.note(ctx, "transfer to %q", to)
	return "n2", c.err
}

func (c *fakeCluster) Remove(ctx context.Context, id string, force bool) error {
	c.note(ctx, "remove %q, force %t", id, force)
	return c.err
}

func (c *fakeCluster) Leave(ctx context.Context) error {
	c.note(ctx, "leave")
	return c.err
}

func (c *fakeCluster) note(ctx context.Context, format string, args ...any) {
	c.asked = fmt.Sprintf(format, args...)
	if _, bounded := ctx.Deadline(); !bounded {
		c.asked += " without a deadline"
	}
}

// newClusterAPI serves the API's endpoints with errors as "status code param: message".
func newClusterAPI(t *testing.T, cluster admin.Cluster) http.Handler {
	t.Helper()
	api, err := admin.New(admin.Config{
		Store: &fakeStore{view: testView()}, Cluster: cluster, Status: func(context.Context) any { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	for _, e := range api.Endpoints() {
		if e.Open && e.Method != http.MethodGet {
			t.Errorf("%s %s needs no key", e.Method, e.Path)
		}
		router.HandleFunc(e.Path, func(w http.ResponseWriter, r *http.Request) {
			err := e.Serve(w, r)
			if told, ok := errors.AsType[*dialect.Error](err); ok {
				w.WriteHeader(told.Status)
				_, _ = io.WriteString(w, told.Code+" "+told.Param+": "+told.Message)
			} else if err != nil {
				http.Error(w, "untold: "+err.Error(), http.StatusInternalServerError)
			}
		}).Methods(e.Method)
	}
	return router
}

func TestClusterOperations(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, path, body, asked, answer string }{
		{http.MethodPost, "/cluster/transfer", "", `transfer to ""`, `{"leader":"n2"}`},
		{http.MethodPost, "/cluster/transfer", `{}`, `transfer to ""`, `{"leader":"n2"}`},
		{http.MethodPost, "/cluster/transfer", `{"to": "n2"}`, `transfer to "n2"`, `{"leader":"n2"}`},
		{http.MethodDelete, "/cluster/nodes/n3", "", `remove "n3", force false`, `{"removed":"n3"}`},
		{http.MethodDelete, "/cluster/nodes/n3?force=true", "", `remove "n3", force true`, `{"removed":"n3"}`},
		{http.MethodPost, "/cluster/leave", "", "leave", `{"left":true}`},
	}
	for _, tt := range tests {
		cluster := &fakeCluster{}
		answer := ask(newClusterAPI(t, cluster), tt.method, tt.path, tt.body)
		if answer.Code != http.StatusOK || answer.Body.String() != tt.answer+"\n" || cluster.asked != tt.asked {
			t.Errorf("%s %s %s: %d %s, asked the cluster to %s; want %s, asked to %s",
				tt.method, tt.path, tt.body, answer.Code, answer.Body, cluster.asked, tt.answer, tt.asked)
		}
	}
}

func TestClusterOperationsRefused(t *testing.T) {
	t.Parallel()
	refusal := func(code fsm.RejectionCode) error {
		return fmt.Errorf("ask the leader: %w", &fsm.Rejection{Code: code, Message: "the reason"})
	}
	tests := []struct {
		name, method, path, body string
		err                      error
		status                   int
		text                     string
	}{
		{"unknown node", http.MethodDelete, "/cluster/nodes/n9", "", refusal(fsm.RejectedNotFound), 404, "not_found : The reason."},
		{"quorum", http.MethodDelete, "/cluster/nodes/n2", "", refusal("quorum_at_risk"), 409, "quorum_at_risk : The reason."},
		{"last voter", http.MethodPost, "/cluster/leave", "", refusal("last_voter"), 409, "last_voter : The reason."},
		{"no node", http.MethodPost, "/cluster/transfer", "", refusal(fsm.RejectedInvalid), 400, "The reason."},
		{"no leader", http.MethodPost, "/cluster/transfer", "", fmt.Errorf("x: %w", fsm.ErrNoLeader), 503, "no_leader : Nothing was changed"},
		{"unknown outcome", http.MethodDelete, "/cluster/nodes/n2", "", fsm.ErrIndeterminate, 503, "indeterminate : Outcome unknown"},
		{"long advice", http.MethodPost, "/cluster/leave", "", &fsm.Rejection{Code: "removed", Message: strings.Repeat("long ", 80) + "way out"}, 409, "way out."},
		{"misspelt force", http.MethodDelete, "/cluster/nodes/n2?forse=true", "", nil, 400, "unknown_parameter forse: "},
		{"parameter of a transfer", http.MethodPost, "/cluster/transfer?to=n2", "", nil, 400, "unknown_parameter to: "},
		{"fault", http.MethodPost, "/cluster/leave", "", errors.New("broken"), 500, "untold: broken"},
		{"force that is no flag", http.MethodDelete, "/cluster/nodes/n2?force=1", "", nil, 400, "force must be true or false"},
		{"body that is no object", http.MethodPost, "/cluster/transfer", `"n2"`, nil, 400, "not a JSON object"},
		{"unknown member", http.MethodPost, "/cluster/transfer", `{"node": "n2"}`, nil, 400, "Known are to."},
		{"number for a node", http.MethodPost, "/cluster/transfer", `{"to": 2}`, nil, 400, "to must be the id of a node"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(newClusterAPI(t, &fakeCluster{err: tt.err}), tt.method, tt.path, tt.body)
			if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.text) {
				t.Errorf("answer %d %s, want %d with %q", answer.Code, answer.Body, tt.status, tt.text)
			}
		})
	}
}
