//go:build linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aiproxy/scripts/bench/report"
	"aiproxy/scripts/bench/server"
)

// TestMain lets the test's own program play the parts that the benchmark starts in processes of their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && modes()[os.Args[1]] != nil {
		main()
	}
	os.Exit(m.Run())
}

func TestMeasuresRealProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "figures.json")
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{
		"-servers", "direct,reverseproxy", "-only", "chat", "-rounds", "1", "-d", "800ms", "-warmup", "20ms", "-json", path,
	}, &stdout, &stderr)
	if status != exitOK {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var document report.Document
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Runs) != 2 {
		t.Fatalf("%d runs", len(document.Runs))
	}
	for _, run := range document.Runs {
		if run.Requests < 1 || run.Failed > 0 || run.CPU <= 0 || run.IdleMemory <= 0 || run.PeakMemory < 1<<20 {
			t.Errorf("got %+v", run)
		}
	}
	if !strings.Contains(stdout.String(), "SKIP  aiproxy") {
		t.Errorf("no bars in\n%s", stdout.String())
	}
}

func TestAServerThatDoesNotStartIsAnError(t *testing.T) {
	t.Parallel()
	// A program that is no gateway never gets ready; that is an error, not a missed bar.
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{"-servers", server.AIProxy, "-aiproxy", "/bin/false", "-only", "chat"}, &stdout, &stderr)
	if status != exitError || !strings.Contains(stderr.String(), "aiproxy: not ready") {
		t.Errorf("exit status %d: %s", status, stderr.String())
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, args, fault string
		workloads, rounds int
		duration          time.Duration
	}{
		{name: "defaults", workloads: 5, rounds: 5, duration: 4 * time.Second},
		{name: "quick", args: "-quick", workloads: 3, rounds: 2, duration: 500 * time.Millisecond},
		{name: "quick with a flag of its own", args: "-rounds 7 -quick", workloads: 3, rounds: 7, duration: 500 * time.Millisecond},
		{name: "selected", args: "-only rate,paced -d 1s", workloads: 2, rounds: 5, duration: time.Second},
		{name: "unknown workload", args: "-only x", fault: `unknown workload "x"`},
		{name: "unknown server", args: "-servers envoy", fault: `unknown server "envoy"`},
		{name: "no rounds", args: "-rounds 0 -nodes 0", fault: "-rounds 0: must be at least 1\n-nodes 0"},
		{name: "short", args: "-d 1ms", fault: "-d 1ms"},
		{name: "argument", args: "chat", fault: `unexpected argument "chat"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := parseOptions(strings.Fields(tt.args), os.Stderr)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(o.plan.Workloads) != tt.workloads || o.plan.Rounds != tt.rounds || o.plan.Duration != tt.duration {
				t.Errorf("got %+v", o.plan)
			}
		})
	}
}
