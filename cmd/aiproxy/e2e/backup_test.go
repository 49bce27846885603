//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestBackupComesBackInAnotherCluster backs a cluster up while it has no quorum, harms the file, and restores it into a
// cluster of the same secret, into one of another secret, and over the cluster that it is from.
func TestBackupComesBackInAnotherCluster(t *testing.T) {
	t.Parallel()
	const secret = "--cluster-secret=one secret of the backup tests"
	c := newCluster(t, 3, secret)
	c.nodes[0].put(t, "/loadbalancer/instances/sim-a", `{"weight":7}`)
	c.nodes[1].put(t, "/loadbalancer/instances/sim-b", `{"enabled":false}`)
	rest := c.without(c.leader(t, c.nodes))
	file := filepath.Join(t.TempDir(), "state.backup")
	rest[0].must(t, "revision 3", "backup", "-o", file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v", info, err)
	}
	inspect := run(t, nil, "cluster", "backup", "--inspect", file)
	if code := inspect.wait(t); code != 0 || !strings.Contains(inspect.output.String(), "the file is whole") {
		t.Errorf("inspect: exit status %d:\n%s", code, inspect.output)
	}

	other := newCluster(t, 1, secret)
	id := other.nodes[0].status().ClusterID
	other.nodes[0].must(t, "~ instances[sim-a].weight: 1 -> 7", "restore", file, "--dry-run")
	assertWeight(t, other.nodes[0], "sim-a", 1)
	other.nodes[0].refused(t, "nothing was changed", "restore", file)
	other.nodes[0].must(t, "restored as revision 2", "restore", file, "--yes")
	assertWeight(t, other.nodes[0], "sim-a", 7)
	if got := other.nodes[0].status(); got.ClusterID != id || len(got.Nodes) != 1 {
		t.Errorf("the restore changed who the cluster is: %+v", got)
	}
	if instance, err := other.nodes[0].chat(t.Context(), "m", false); err != nil || instance != "sim-a" {
		t.Errorf("a request with a restored secret: %q, %v", instance, err)
	}

	foreign := newCluster(t, 1, "--cluster-secret=another secret of the backup tests")
	foreign.nodes[0].refused(t, "Nothing was changed", "restore", file, "--yes")
	assertWeight(t, foreign.nodes[0], "sim-a", 1)

	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, harmed := range map[string]string{
		"is damaged":               string(raw[:len(raw)-10]),
		"checksum does not match":  strings.Replace(string(raw), `"weight":7`, `"weight":9`, 1),
		"not a backup of aiproxy":  "api_key: x\n",
		"made by a newer version ": strings.Replace(string(raw), "aiproxy-backup 1", "aiproxy-backup 9", 1),
	} {
		path := filepath.Join(t.TempDir(), "harmed")
		if err := os.WriteFile(path, []byte(harmed), 0o600); err != nil {
			t.Fatal(err)
		}
		other.nodes[0].refused(t, name, "restore", path, "--yes")
		if answer, err := other.nodes[0].request(t, http.MethodPost, "/cluster/restore", harmed); err != nil || answer.code != http.StatusBadRequest {
			t.Errorf("POST /cluster/restore of a file that %s: %+v, %v", name, answer, err)
		}
	}

	rest[1].put(t, "/loadbalancer/instances/sim-a", `{"weight":2}`)
	rest[1].must(t, "restored as revision 5", "restore", file, "--yes")
	for _, n := range c.nodes {
		eventually(t, "the restore is on "+n.id, func() bool {
			answer, err := n.request(t, http.MethodGet, listPath, "")
			if err != nil {
				return false
			}
			weight, err := answer.weight()
			return err == nil && weight == 7
		})
	}
	c.awaitEqualStates(t)
}

// TestNoSecretInPlaintextAnywhere greps what a cluster leaves behind: log, snapshot, mirror, node file, backup, exported
// configuration, what the commands say, and the nodes' own logs.
func TestNoSecretInPlaintextAnywhere(t *testing.T) {
	t.Parallel()
	const (
		clusterSecret = "cluster-secret-that-must-not-show"
		addedKey      = "sk-added-that-must-not-show"
		addedClient   = "client-key-that-must-not-show"
	)
	c := newCluster(t, 3, "--cluster-secret="+clusterSecret, "--log-level=debug")
	first := c.nodes[0]
	code, document := first.call(t, http.MethodGet, "/config", "")
	if code != http.StatusOK {
		t.Fatalf("GET /config: %d %s", code, document)
	}
	with := strings.Replace(string(document), `"instances": [`, `"instances": [{"name":"added","provider":"openai-custom","base_url":"http://127.0.0.1:1/v1","api_key":"`+
		addedKey+`","weight":1,"enabled":false},`, 1)
	with = strings.Replace(with, `"client_keys": [`, `"client_keys": [{"name":"ci","key":"`+addedClient+`"}`, 1)
	first.put(t, "/config", with)
	first.must(t, "no differences", "restore", backedUp(t, first, filepath.Join(first.dir, "backup")), "--dry-run")

	files := t.TempDir()
	keep := func(name string, raw []byte) {
		if err := os.WriteFile(filepath.Join(files, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/config", "/config/revisions", "/audit", "/cluster/status", "/cluster/backup", "/metrics", "/loadbalancer/instances"} {
		_, raw := first.call(t, http.MethodGet, path, "")
		keep(strings.ReplaceAll(path, "/", "_"), raw)
	}
	for _, n := range c.nodes {
		n.signal(t, syscall.SIGTERM)
		n.wait(t)
		keep("log of "+n.id, []byte(n.output.String()))
	}
	// A recovery writes the whole state as a snapshot.
	if out, code := recoverDir(t, first.dir, "--yes"); code != 0 {
		t.Fatalf("recover: %d\n%s", code, out)
	}
	for _, secret := range []string{clusterSecret, addedKey, addedClient, clientKey, upstreamKey} {
		for _, dir := range []string{files, c.nodes[0].dir, c.nodes[1].dir, c.nodes[2].dir} {
			for _, path := range filesWith(t, dir, secret) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
	}
	if len(filesWith(t, first.dir, `"added"`)) < 3 {
		t.Error("the configuration is not in log, backup and snapshot: the search proves nothing")
	}
}

// backedUp makes a backup of the node.
func backedUp(t *testing.T, n *node, path string) string {
	t.Helper()
	n.must(t, "sealed with", "backup", "-o", path)
	return path
}
