package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

const exampleStatus = `{"enabled":true,"cluster_id":"c1","node_id":"n2","state":"follower","term":4,"revision":9,
"leader":{"node_id":"n1","raft_addr":"10.0.0.1:3000","api_addr":"10.0.0.1:3000"},
"quorum":{"voters":3,"required":2,"healthy_voters":2,"failure_tolerance":0},
"nodes":[
{"id":"n1","api_addr":"10.0.0.1:3000","suffrage":"voter","state":"leader","reachable":true,"healthy":true,"last_contact_ms":0,"version":"v1"},
{"id":"n2","api_addr":"10.0.0.2:3000","suffrage":"voter","state":"follower","reachable":true,"healthy":true,"last_contact_ms":31,"lag":2,"version":"v1"},
{"id":"n3","api_addr":"10.0.0.3:3000","suffrage":"voter","state":"unreachable","last_contact_ms":-1,"error":"connection refused","version":"v1"}],
"config_drift":["the algorithm is weighted, not round_robin"]}`

func TestStatusTable(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	if err := showTable(&got, []byte(exampleStatus)); err != nil {
		t.Fatal(err)
	}
	want := `cluster c1, seen from n2 (follower, term 4, revision 9)

   NODE  ADDRESS        STATE        SUFFRAGE  HEALTH       LAG  HEARD LEADER  VERSION
*  n1    10.0.0.1:3000  leader       voter     healthy      0    leads         v1
   n2    10.0.0.2:3000  follower     voter     healthy      2    31ms ago      v1
   n3    10.0.0.3:3000  unreachable  voter     unreachable  -    -             v1
n3: connection refused

quorum: held, 2 of 3 voters are healthy, 2 are needed; no further voter may fail
differs from this node's own configuration: the algorithm is weighted, not round_robin
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestQuorumLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ status, want string }{
		{`{"enabled":true,"quorum":{"voters":3,"required":2,"healthy_voters":1}}`, "quorum: LOST, 1 of 3 voters are healthy, 2 are needed"},
		{`{"enabled":true,"quorum":{"voters":3,"required":2,"healthy_voters":2}}`, "no leader at the moment"},
		{`{"enabled":true,"leader":{},"quorum":{"voters":3,"required":2,"healthy_voters":3,"failure_tolerance":1}}`, "failure tolerance 1"},
		{`{"enabled":false,"leader":{},"quorum":{"voters":1,"required":1,"healthy_voters":1}}`, "runs alone"},
		{`{"enabled":true,"state":"joining"}`, "knows of no voters yet"},
		{`{"enabled":true,"state":"removed","quorum":{"voters":2,"required":2,"healthy_voters":2}}`, "not in the cluster"},
	}
	for _, tt := range tests {
		var got strings.Builder
		if err := showTable(&got, []byte(tt.status)); err != nil || !strings.Contains(got.String(), tt.want) {
			t.Errorf("%s: %v\n%s\nwant %q", tt.status, err, got.String(), tt.want)
		}
	}
}

func TestClusterCommands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args               []string
		asked, body, wrote string
	}{
		{[]string{"status"}, "GET /cluster/status", "", "* "},
		{[]string{"status", "--json"}, "GET /cluster/status", "", `  "cluster_id": "c1"`},
		{[]string{"leave"}, "POST /cluster/leave", "", "has left its cluster"},
		{[]string{"remove", "n3"}, "DELETE /cluster/nodes/n3", "", "node n3 is not in the cluster any more"},
		{[]string{"remove", "n/3", "--force"}, "DELETE /cluster/nodes/n%2F3?force=true", "", "node n/3"},
		{[]string{"transfer"}, "POST /cluster/transfer", "{}", "node n2 leads"},
		{[]string{"transfer", "n2"}, "POST /cluster/transfer", `{"to":"n2"}`, "node n2 leads"},
	}
	for _, tt := range tests {
		var asked, body, key string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw := new(strings.Builder)
			_ = r.Write(raw)
			_, body, _ = strings.Cut(raw.String(), "\r\n\r\n")
			asked, key = r.Method+" "+r.URL.RequestURI(), r.Header.Get("Authorization")
			answer := `{"leader":"n2"}`
			if r.Method == http.MethodGet {
				answer = exampleStatus
			}
			_, _ = w.Write([]byte(answer))
		}))
		var out strings.Builder
		root := newRootCommand()
		root.SetOut(&out)
		root.SetArgs(append([]string{"cluster"}, append(tt.args, "--address", server.URL, "--api-key", "k")...))
		err := root.ExecuteContext(t.Context())
		server.Close()
		if err != nil || asked != tt.asked || body != tt.body || key != "Bearer k" || !strings.Contains(out.String(), tt.wrote) {
			t.Errorf("%v: %v, asked %s with %s and %s, wrote %q; want %s with %s, %q",
				tt.args, err, asked, body, key, out.String(), tt.asked, tt.body, tt.wrote)
		}
	}
}

// TestMissingArguments runs commands without what they need: each says what that is.
func TestMissingArguments(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"cluster remove":     "give one node id, not 0: aiproxy cluster remove ID",
		"cluster remove a b": "give one node id, not 2: ",
		"cluster restore":    "give one backup file, not 0: aiproxy cluster restore FILE",
		"config rollback":    "give one revision, not 0: aiproxy config rollback REVISION",
	} {
		root := newRootCommand()
		root.SetArgs(strings.Fields(line))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// TestWatchOutlivesANodeThatIsDown watches a node that can't be reached until the operator interrupts.
func TestWatchOutlivesANodeThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*watchInterval/2)
		defer cancel()
		looks := 0
		var out strings.Builder
		err := watch(ctx, &out, func(context.Context) (string, error) {
			looks++
			if looks == 2 {
				return "", context.DeadlineExceeded
			}
			return "a look\n", nil
		})
		if want := "a look\ncontext deadline exceeded\na look\n"; err != nil || out.String() != want {
			t.Errorf("wrote %q, %v; want %q", out.String(), err, want)
		}
	})
}
