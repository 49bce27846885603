package admin_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/fsm"
)

const listPath = "/loadbalancer/instances"

func TestAnswersTellTheirIndex(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, path, body string
		want                     string
	}{
		{"read", http.MethodGet, listPath, "", "40"},
		{"status", http.MethodGet, "/cluster/status", "", "40"},
		{"write", http.MethodPut, instancePath, `{"weight": 1}`, "41"},
		{"refused", http.MethodPut, instancePath, `{`, "40"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{view: testView(), receipt: fsm.Receipt{Index: 41, Revision: 8}}
			if got := ask(newAPI(t, store), tt.method, tt.path, tt.body).Header().Get("X-Aiproxy-Index"); got != tt.want {
				t.Errorf("X-Aiproxy-Index = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadsWaitForTheStateTheyAskFor(t *testing.T) {
	t.Parallel()
	fresh := testView()
	fresh.Index, fresh.Revision = 50, 9
	for _, tt := range []struct {
		name, query, index string
		awaited            []string
		revision           string
	}{
		{"nothing asked", "", "", nil, `"7"`},
		{"local", "?consistency=local", "", nil, `"7"`},
		{"linearizable", "?consistency=linearizable", "", []string{"latest"}, `"9"`},
		{"an index", "", "50", []string{"50"}, `"9"`},
		{"an index that is there", "", "40", nil, `"7"`},
		{"both", "?consistency=linearizable", " 60 ", []string{"latest", "60"}, `"9"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{view: testView(), fresh: fresh}
			answer := ask(newAPI(t, store), http.MethodGet, listPath+tt.query, "", "X-Aiproxy-Index", tt.index)
			if answer.Code != http.StatusOK || answer.Header().Get("ETag") != tt.revision {
				t.Errorf("status %d, ETag %s, want 200 and %s", answer.Code, answer.Header().Get("ETag"), tt.revision)
			}
			if diff := cmp.Diff(tt.awaited, store.awaited); diff != "" {
				t.Errorf("awaited (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadsThatCannotBeSaySo(t *testing.T) {
	t.Parallel()
	noLeader := fmt.Errorf("%w: leadership is not confirmed by 1 of 3 voters", fsm.ErrNoLeader)
	behind := fmt.Errorf("%w: wait for index 50, at 40", fsm.ErrBehind)
	for _, tt := range []struct {
		name, query, index string
		await              error
		status             int
		want               []string
	}{
		{"no quorum", "?consistency=linearizable", "", noLeader, 503, []string{"no_leader", "by 1 of 3 voters", "this node answers from its own state"}},
		{"too far ahead", "", "50", behind, 503, []string{"index_not_reached", "wait for index 50, at 40"}},
		{"a fault of the node", "", "50", errors.New("broken"), 500, []string{"untold: broken"}},
		{"unknown consistency", "?consistency=strong", "", nil, 400, []string{"unknown_consistency consistency:", `"strong"`, "local", "linearizable"}},
		{"empty consistency", "?consistency=", "", nil, 400, []string{"unknown_consistency"}},
		{"two of them", "?consistency=local&consistency=linearizable", "", nil, 400, []string{"unknown_consistency"}},
		{"junk for an index", "", "-1", nil, 400, []string{"invalid_value X-Aiproxy-Index:", "whole number"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &fakeStore{view: testView(), await: tt.await}
			answer := ask(newAPI(t, store), http.MethodGet, listPath+tt.query, "", "X-Aiproxy-Index", tt.index)
			if answer.Code != tt.status || answer.Header().Get("X-Aiproxy-Index") != "40" {
				t.Errorf("status %d, index %s, want %d and 40", answer.Code, answer.Header().Get("X-Aiproxy-Index"), tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(answer.Body.String(), want) {
					t.Errorf("answer %q lacks %q", answer.Body, want)
				}
			}
		})
	}
}
