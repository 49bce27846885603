//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns nothing.
const nobody = 65534

// TestDamagedDirectories starts a node on directories that were harmed. Each start ends at once, with status 1 and a
// message that names what is wrong and what to do; the other nodes go on.
func TestDamagedDirectories(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	victim := c.nodes[2]
	victim.put(t, "/loadbalancer/instances/sim-a", `{"weight":6}`)
	victim.signal(t, syscall.SIGTERM)
	victim.wait(t)
	whole := victim.dir
	for _, tc := range []struct {
		name string
		harm func(dir string) error
		want []string
	}{
		{"raft.db cut", func(dir string) error { return os.Truncate(filepath.Join(dir, "raft.db"), 12_345) }, []string{"raft.db is damaged", "join anew"}},
		{"raft.db changed", func(dir string) error {
			path := filepath.Join(dir, "raft.db")
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.ReplaceAll(string(raw), `"weight":6`, `"weight":9`)), 0o600)
		}, []string{"raft.db is damaged", "checksum"}},
		{"raft.db lost", func(dir string) error { return os.Remove(filepath.Join(dir, "raft.db")) }, []string{"raft.db is missing", "join anew"}},
		{"node.json damaged", func(dir string) error { return os.WriteFile(filepath.Join(dir, "node.json"), []byte("{"), 0o600) }, []string{"node.json is damaged"}},
		{"newer format", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "node.json"), []byte(`{"format":2,"node_id":"node3","instance_id":"i"}`), 0o600)
		}, []string{"has format 2", "newer version"}},
		{"a file in its place", func(dir string) error {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			return os.WriteFile(dir, nil, 0o600)
		}, []string{"a file where a directory should be"}},
	} {
		victim.dir = filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(victim.dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := tc.harm(victim.dir); err != nil {
			t.Fatal(err)
		}
		p := run(t, nil, append(victim.args, "--data-dir", victim.dir)...)
		assertRefused(t, tc.name, p, tc.want...)
	}
	victim.dir = whole
	victim.start(t)
	c.awaitVoters(t, 3, c.nodes...)
	c.awaitEqualStates(t)
}

func assertRefused(t *testing.T, what string, p *process, want ...string) {
	t.Helper()
	if code := p.wait(t); code != 1 {
		t.Errorf("%s: exit status %d, want 1", what, code)
	}
	out := p.output.String()
	if strings.Contains(out, "panic:") || strings.Contains(out, "goroutine ") {
		t.Errorf("%s: it panics:\n%s", what, out)
	}
	for _, text := range want {
		if !strings.Contains(out, text) {
			t.Errorf("%s: the message lacks %q:\n%s", what, text, out)
		}
	}
}

// needsRoot skips a test that mounts or changes its user.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can do what this test does to a node")
	}
}

func lone(t *testing.T, dir string) []string {
	t.Helper()
	_, port, _ := strings.Cut(freeAddress(t), ":")
	return []string{"--port", port, "--api-key", clientKey, "--data-dir", dir}
}

// TestReadOnlyDirectory starts a node on a file system that is mounted read-only, for the node alone.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	if _, err := exec.LookPath("unshare"); err != nil {
		t.Skip("unshare is missing")
	}
	dir := t.TempDir()
	script := `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"`
	args := append([]string{"--mount", "sh", "-c", script, "sh", dir, binary}, lone(t, dir)...)
	p := runCommand(t, exec.Command("unshare", args...))
	assertRefused(t, "read-only", p, dir, "mount it writable")
}

// TestDirectoryOfAnotherUser starts a node as a user to whom the directory does not belong.
func TestDirectoryOfAnotherUser(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	base := t.TempDir()
	program, dir := filepath.Join(base, "aiproxy"), filepath.Join(base, "data")
	raw, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for path := base; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(program, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, lone(t, dir)...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	assertRefused(t, "another user's", runCommand(t, command), dir, "must belong to the user", "65534")
}
