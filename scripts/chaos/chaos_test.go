//go:build chaos && linux

package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

const (
	// seedVariable repeats a run's random choices.
	seedVariable = "CHAOS_SEED"
	// keepVariable names the directory below which failed scenarios are kept, instead of the system's for temporary files.
	keepVariable = "CHAOS_KEEP"
)

// scenario is one way to break a cluster.
type scenario struct {
	// id is that of the table in README.md.
	id    string
	about string
	// short scenarios make up the set that runs with go test -short.
	short bool
	// isolated scenarios need namespaces: they cut links or mount disks.
	isolated bool
	run      func(w *world)
}

// programs are the paths of the binaries under test.
type programs struct {
	current string
	// faults is the current program with the build tag faults.
	faults string
	// levelOne is the current program with the build tag aiproxy_level1: what the first release understands.
	levelOne string
}

func TestChaos(t *testing.T) {
	built := build(t)
	seed := chooseSeed(t)
	for i, s := range scenarios() {
		t.Run(s.id, func(t *testing.T) {
			if testing.Short() && !s.short {
				t.Skip("not in the short set")
			}
			if s.isolated && os.Getenv(insideVariable) == "" {
				t.Skip("WARNING: needs network namespaces, which can't be had here")
			}
			t.Logf("%s, seed %d: %s", s.id, seed, s.about)
			w := newWorld(t, seed, i+1, built, keepDir(t, s.id, seed))
			s.run(w)
		})
	}
}

// chooseSeed returns the seed asked for, or a new one.
func chooseSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(seedVariable)
	if text == "" {
		return rand.Uint64N(1_000_000)
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is not a number: %v", seedVariable, err)
	}
	return seed
}

// keepDir makes the scenario's directory, which stays only if it fails.
func keepDir(t *testing.T, id string, seed uint64) string {
	t.Helper()
	//nolint:usetesting // What is left of a failed scenario must stay.
	dir, err := os.MkdirTemp(os.Getenv(keepVariable), fmt.Sprintf("aiproxy-chaos-%s-seed%d-", id, seed))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	return dir
}

// build builds the binaries under test.
func build(t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	one := func(name string, tags string) string {
		path := filepath.Join(dir, name)
		command := exec.CommandContext(t.Context(), "go", "build", "-tags", tags, "-o", path, "aiproxy/cmd/aiproxy")
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("build the binary: %v\n%s", err, out)
		}
		return path
	}
	return programs{current: one("aiproxy", ""), faults: one("aiproxy-faults", "faults"), levelOne: one("aiproxy-level1", "aiproxy_level1")}
}
