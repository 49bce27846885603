//go:build docker

// Package docker tests docker-compose.cluster.yml on a real Docker engine: three nodes with one command line, whose containers
// are killed, cut off from the network and emptied while clients are served. Only the image differs from the user's: the
// binary is built on this machine and put into an empty image, because a build inside the engine needs a network. What
// the tests start bears a name of their own and is removed again.
package docker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// engine is how Docker is called.
type engine struct {
	// compose is the command of Docker Compose: a plugin, or a program of its own.
	compose []string
}

// deadline bounds every wait. It is many times what the machine needs at rest.
const deadline = 2 * time.Minute

// findEngine skips the test, and says so where nobody can miss it, when there is no engine to test on.
func findEngine(t *testing.T) *engine {
	t.Helper()
	missing := func(what string, err error) {
		fmt.Fprintf(os.Stderr, "\nWARNING: %s, so docker-compose.cluster.yml is NOT TESTED: %v\n\n", what, err)
		t.Skipf("%s: %v", what, err)
	}
	if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		missing("no Docker engine can be reached", fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out))))
	}
	for _, compose := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if exec.Command(compose[0], append(compose[1:], "version")...).Run() == nil {
			return &engine{compose: compose}
		}
	}
	missing("there is no Docker Compose", exec.ErrNotFound)
	return nil
}

// docker runs a command of Docker and returns what it printed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	return command(t, nil, append([]string{"docker"}, args...)...)
}

// command runs a program to its end.
func command(t *testing.T, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// buildImage makes an image of the binary alone, as the Dockerfile's last stage does.
func buildImage(t *testing.T, image string) {
	t.Helper()
	dir := t.TempDir()
	command(t, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", filepath.Join(dir, "aiproxy"), "aiproxy/cmd/aiproxy")
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(lastStage(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	docker(t, "build", "-q", "-t", image, dir)
	t.Cleanup(func() { docker(t, "image", "rm", "-f", image) })
}

// lastStage is the end of the user's Dockerfile, from FROM scratch on, with what it takes from the build taken from the
// context. Providers' certificates are left out: the upstream is simulated.
func lastStage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, last, found := strings.Cut(string(text), "FROM scratch\n")
	if !found {
		t.Fatal("the Dockerfile does not end with a stage FROM scratch")
	}
	stage := []string{"FROM scratch"}
	for line := range strings.Lines(last) {
		if strings.Contains(line, "ca-certificates") {
			continue
		}
		line = strings.ReplaceAll(line, "--from=build ", "")
		stage = append(stage, strings.TrimSpace(strings.ReplaceAll(line, " /out/", " ")))
	}
	return strings.Join(stage, "\n") + "\n"
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		}
	}
}
