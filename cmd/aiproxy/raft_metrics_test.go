package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway/metrics"
	"aiproxy/store"
)

var update = flag.Bool("update", false, "write the section on Raft of docs/metrics.md instead of comparing it")

const (
	metricsDocs = "../../docs/metrics.md"
	// raftHeading begins the part of the file that is this package's, up to its end.
	raftHeading = "\n## Raft\n"
)

const raftPreamble = `
Figures of this node's part in the cluster. They come from memory, so a scrape is answered while the disk hangs or the
quorum is lost. What to watch: ` + "`sum(aiproxy_raft_state{state=\"leader\"})`" + ` other than 1 for seconds, a rising
` + "`aiproxy_raft_leader_changes_total`" + `, ` + "`aiproxy_raft_last_contact_seconds`" + ` above a second,
` + "`aiproxy_raft_log_write_errors_total`" + ` and ` + "`aiproxy_raft_disk_hangs_total`" + ` above 0, and an
` + "`aiproxy_raft_log_write_seconds`" + ` that grows: the disk is about to be the reason of the next election.

| name | type | labels | meaning |
|---|---|---|---|
`

// TestRaftDocumentation holds the section on Raft of docs/metrics.md against the collector; with -update it writes it.
func TestRaftDocumentation(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(raftPreamble)
	for _, f := range raftFigures() {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Labels, ", "), f.Help)
	}
	written, err := os.ReadFile(metricsDocs)
	if err != nil {
		t.Fatal(err)
	}
	others, section, _ := strings.Cut(string(written), raftHeading)
	if *update {
		section = text.String()
		if err := os.WriteFile(metricsDocs, []byte(others+raftHeading+section), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(text.String(), section); diff != "" {
		t.Errorf("docs/metrics.md is not what the collector is; run this test with -update (-want +got):\n%s", diff)
	}
}

// TestRaftMetrics compares a scrape with the list from which the documentation is made, and with the figures.
func TestRaftMetrics(t *testing.T) {
	t.Parallel()
	stats := store.Stats{
		State: "follower", Term: 7, LastLogIndex: 13, CommitIndex: 12, FSMIndex: 10, FSMLag: 2,
		LastContact: 250 * time.Millisecond, Heard: true, LeaderChanges: 3, Voters: 3, NonVoters: 1,
		SnapshotIndex: 9, SnapshotAge: time.Minute, Snapshot: true,
		Commits:          store.Durations{Count: 2, Seconds: .5, Buckets: map[float64]uint64{.1: 1, 1: 2}},
		LogWriteFailures: 1, LogWriteWaiting: 1500 * time.Millisecond, DiskHangs: 2,
	}
	kinds, samples := scrapeRaft(t, stats)
	listed := map[string]string{}
	for _, f := range raftFigures() {
		listed[f.Name] = f.Type
	}
	if diff := cmp.Diff(listed, kinds); diff != "" {
		t.Errorf("metrics (-listed +scraped):\n%s", diff)
	}
	want := map[string]string{
		`state{state="leader"}`: "0", `state{state="follower"}`: "1", `state{state="disk_hangs"}`: "0",
		"term": "7", "last_log_index": "13", "commit_index": "12", "fsm_index": "10", "fsm_lag": "2", "last_contact_seconds": "0.25",
		"leader_changes_total": "3", `peers{suffrage="voter"}`: "3", `peers{suffrage="nonvoter"}`: "1",
		"snapshot_index": "9", "snapshot_age_seconds": "60",
		`commit_seconds_bucket{le="0.1"}`: "1", "commit_seconds_count": "2", "commit_seconds_sum": "0.5",
		"log_write_errors_total": "1", "log_write_waiting_seconds": "1.5", "disk_hangs_total": "2",
	}
	for name, value := range want {
		if got := samples["aiproxy_raft_"+name]; got != value {
			t.Errorf("%s is %q, want %s", name, got, value)
		}
	}
}

// TestRaftMetricsOfANewNode leaves out what is not known: an age of 0 would look like a fresh snapshot.
func TestRaftMetricsOfANewNode(t *testing.T) {
	t.Parallel()
	_, samples := scrapeRaft(t, store.Stats{State: "joining"})
	for _, name := range []string{"last_contact_seconds", "snapshot_index", "snapshot_age_seconds"} {
		if got, ok := samples["aiproxy_raft_"+name]; ok {
			t.Errorf("%s is %s, want none", name, got)
		}
	}
	if got := samples[`aiproxy_raft_state{state="joining"}`]; got != "1" {
		t.Errorf("state joining is %q", got)
	}
}

// scrapeRaft returns the types and the samples of a scrape of the metrics of Raft.
func scrapeRaft(t *testing.T, stats store.Stats) (kinds, samples map[string]string) {
	t.Helper()
	m := metrics.New(metrics.Config{})
	if err := m.Register(newRaftMetrics(func() store.Stats { return stats })); err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	kinds, samples = map[string]string{}, map[string]string{}
	for line := range strings.Lines(recorder.Body.String()) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "# TYPE "))
		name, value, _ := strings.Cut(line, " ")
		switch {
		case !strings.HasPrefix(name, "aiproxy_raft_"):
		case value == "gauge" || value == "counter" || value == "histogram":
			kinds[name] = value
		default:
			samples[name] = value
		}
	}
	return kinds, samples
}
