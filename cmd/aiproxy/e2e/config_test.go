//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// replicatedKey is a client key that a test adds to the cluster.
const replicatedKey = "replicated-key-of-the-tests"

// document is the configuration as GET /config tells it, as loose as a script would treat it.
type document struct {
	Revision   uint64           `json:"revision"`
	Settings   map[string]any   `json:"settings"`
	Instances  []map[string]any `json:"instances"`
	ClientKeys []map[string]any `json:"client_keys"`
}

func (d document) text(t *testing.T) string {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// ask makes one request with a key of the test's choice and headers as name, value.
func (n *node) ask(t *testing.T, method, path, body, key string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

func (n *node) config(t *testing.T) document {
	t.Helper()
	code, raw := n.ask(t, http.MethodGet, "/config?consistency=linearizable", "", clientKey)
	var d document
	if err := json.Unmarshal([]byte(raw), &d); err != nil || code != http.StatusOK {
		t.Fatalf("GET /config on %s: %d %s", n.id, code, raw)
	}
	return d
}

// servedBy asks for some chats and returns the instances that answered.
func (n *node) servedBy(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	for range 6 {
		instance, err := n.chat(t.Context(), "gpt-4o", false)
		if err != nil {
			t.Fatal(err)
		}
		seen[instance] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func TestConfigurationOfTheWholeCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	one, two, three := c.nodes[0], c.nodes[1], c.nodes[2]
	first := two.config(t)

	d := two.config(t)
	for _, in := range d.Instances {
		in["enabled"] = in["name"] == "sim-a"
	}
	d.ClientKeys = append(d.ClientKeys, map[string]any{"name": "ci", "key": replicatedKey})

	code, answer := two.ask(t, http.MethodPut, "/config?dry_run=true", d.text(t), clientKey)
	if code != http.StatusOK || !strings.Contains(answer, "~ instances[sim-b].enabled: true -> false") || !strings.Contains(answer, "+ client_keys[ci]") {
		t.Fatalf("dry run: %d %s", code, answer)
	}
	if now := three.config(t); now.Revision != first.Revision || len(now.ClientKeys) != 0 {
		t.Fatalf("the dry run changed the configuration: %+v", now)
	}

	written := two.put(t, "/config", d.text(t))
	if written.Revision != first.Revision+1 || len(written.Applied) != 3 {
		t.Errorf("written as %+v", written)
	}
	eventually(t, "node3 sends everything to sim-a", func() bool { return slices.Equal(three.servedBy(t), []string{"sim-a"}) })
	for _, n := range c.nodes {
		eventually(t, n.id+" accepts the new key", func() bool {
			code, _ := n.ask(t, http.MethodGet, "/v1/models", "", replicatedKey)
			return code == http.StatusOK
		})
	}

	wantOneWinner(t, c)

	if code, answer := one.ask(t, http.MethodPost, "/config/rollback", fmt.Sprintf(`{"revision": %d}`, first.Revision), replicatedKey); code != http.StatusOK {
		t.Fatalf("rollback: %d %s", code, answer)
	}
	eventually(t, "node3 sends to both again", func() bool { return slices.Equal(three.servedBy(t), []string{"sim-a", "sim-b"}) })
	for _, n := range c.nodes {
		eventually(t, n.id+" accepts the key no more", func() bool {
			code, _ := n.ask(t, http.MethodGet, "/v1/models", "", replicatedKey)
			return code == http.StatusUnauthorized
		})
	}
	wantAudit(t, three)
	c.awaitEqualStates(t)
	wantNoPlaintext(t, c)
}

// wantOneWinner writes to all nodes at the same time, each write on the condition of one revision.
func wantOneWinner(t *testing.T, c *cluster) {
	t.Helper()
	seen := c.nodes[0].config(t)
	codes := make(chan int, 9)
	var all sync.WaitGroup
	for i := range cap(codes) {
		d := c.nodes[0].config(t)
		d.Instances[0]["weight"] = i + 10
		text := d.text(t)
		all.Go(func() {
			code, _ := c.nodes[i%3].ask(t, http.MethodPut, "/config", text, clientKey, "If-Match", fmt.Sprintf(`"%d"`, seen.Revision))
			codes <- code
		})
	}
	all.Wait()
	close(codes)
	got := map[int]int{}
	for code := range codes {
		got[code]++
	}
	if got[http.StatusOK] != 1 || got[http.StatusPreconditionFailed] != cap(codes)-1 {
		t.Errorf("statuses of concurrent writes: %v", got)
	}
}

// wantAudit looks for who made the last change and the first.
func wantAudit(t *testing.T, n *node) {
	t.Helper()
	_, raw := n.ask(t, http.MethodGet, "/audit?consistency=linearizable", "", clientKey)
	var audit struct {
		Changes []struct{ By, Type string }
	}
	if err := json.Unmarshal([]byte(raw), &audit); err != nil || len(audit.Changes) < 3 {
		t.Fatalf("audit: %s", raw)
	}
	if c := audit.Changes[0]; c.By != "ci" || c.Type != "config.rollback" {
		t.Errorf("the last change is %+v, want a rollback by ci", c)
	}
	if c := audit.Changes[1]; c.By != "local-1" || c.Type != "config.apply" {
		t.Errorf("the change before is %+v, want one by local-1", c)
	}
}

// wantNoPlaintext looks for secrets wherever the nodes leave something.
func wantNoPlaintext(t *testing.T, c *cluster) {
	t.Helper()
	secrets := []string{upstreamKey, clientKey, replicatedKey}
	search := func(place, text string) {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", place, secret)
			}
		}
	}
	for _, n := range c.nodes {
		search("the log of "+n.id, n.output.String())
		for _, path := range []string{"/config", "/config/revisions", "/config/revisions/2", "/audit", "/cluster/status", "/loadbalancer/instances"} {
			_, answer := n.ask(t, http.MethodGet, path, "", clientKey)
			search(path, answer)
		}
		err := filepath.WalkDir(n.dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			search(path, string(raw))
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	n := c.nodes[0]
	environment := []string{"AIPROXY_API_KEY=" + clientKey}
	aiproxy := func(status int, args ...string) string {
		t.Helper()
		p := run(t, environment, append(append([]string{"config"}, args...), "--address", n.address)...)
		if got := p.wait(t); got != status {
			t.Fatalf("aiproxy config %v: status %d, want %d:\n%s", args, got, status, p.output)
		}
		return p.output.String()
	}
	exported := filepath.Join(t.TempDir(), "exported.yaml")
	aiproxy(0, "export", "-o", exported)
	if out := aiproxy(0, "diff", "-f", exported); out != "no differences\n" {
		t.Errorf("the exported file: %s", out)
	}
	if out := aiproxy(0, "diff", "-f", c.upstreams.config); out != "no differences\n" {
		t.Errorf("the node's own file: %s", out)
	}

	ordinary, err := os.ReadFile(c.upstreams.config)
	if err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(t.TempDir(), "config.yaml")
	text := strings.Replace(string(ordinary), "name: sim-a,", "name: sim-a, weight: 4,", 1) + "load_balancer: {algorithm: weighted}\n"
	if err := os.WriteFile(edited, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const lines = "~ settings.load_balancer.algorithm: round_robin -> weighted\n~ instances[sim-a].weight: 1 -> 4\n"
	if out := aiproxy(2, "diff", "-f", edited); out != lines {
		t.Errorf("diff: %s", out)
	}
	if out := aiproxy(0, "apply", "-f", edited, "--dry-run"); out != lines || n.config(t).Revision != 1 {
		t.Errorf("dry run: %s", out)
	}
	if out := aiproxy(0, "apply", "-f", edited); !strings.HasPrefix(out, lines+"written as revision 2 ") || !strings.HasSuffix(out, "applied on node1\n") {
		t.Errorf("apply: %s", out)
	}
	if out := aiproxy(1, "apply", "-f", exported, "--if-revision", "1"); !strings.Contains(out, "The revision is 2, not 1.") {
		t.Errorf("a stale revision: %s", out)
	}
	if out := aiproxy(0, "rollback", "1"); !strings.Contains(out, "~ instances[sim-a].weight: 4 -> 1\n") {
		t.Errorf("rollback: %s", out)
	}
	if out := aiproxy(0, "revisions"); strings.Count(out, "\n") != 4 || !strings.Contains(out, "local-1") {
		t.Errorf("revisions: %s", out)
	}
	if out := aiproxy(1, "export", "--api-key", "wrong"); !strings.Contains(out, "status 401") {
		t.Errorf("a wrong key: %s", out)
	}
}
