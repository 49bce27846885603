package fsm_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

var update = flag.Bool("update", false, "rewrite the recorded logs, answers and snapshots")

// answer is a recorded Result.
type answer struct {
	Index     uint64         `json:"index"`
	Revision  uint64         `json:"revision"`
	Rejection *fsm.Rejection `json:"rejection,omitempty"`
	Repeated  bool           `json:"repeated,omitempty"`
}

// recorded is an entry of a recorded log and what the state machine answered.
type recorded struct {
	Index   uint64       `json:"index"`
	Term    uint64       `json:"term"`
	Type    raft.LogType `json:"type"`
	Command string       `json:"command,omitempty"`
	Answer  answer       `json:"answer"`
}

// TestRecordedLog replays a log as another process, maybe of another version, recorded it: the answers and the state
// must be the same. Only a new feature level may add to the recordings, and none may change them.
func TestRecordedLog(t *testing.T) {
	t.Parallel()
	for name, log := range map[string][]*raft.Log{"level1": sampleLog(t), "level2": sampleLogOfLevel2(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", name)
			logFile, stateFile := filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "snapshot")
			if *update {
				record(t, log, logFile, stateFile)
			}
			replay(t, logFile, stateFile)
		})
	}
}

func replay(t *testing.T, logFile, stateFile string) {
	t.Helper()
	raw, err := os.ReadFile(logFile)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := os.ReadFile(stateFile)
	if err != nil {
		t.Fatal(err)
	}
	replayed := newMachine(t)
	for line := range bytes.Lines(raw) {
		var r recorded
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("decode recording: %v", err)
		}
		res := replayed.Apply(&raft.Log{Index: r.Index, Term: r.Term, Type: r.Type, Data: []byte(r.Command)}).(fsm.Result)
		if diff := cmp.Diff(r.Answer, answerOf(res)); diff != "" || res.Fault != nil {
			t.Errorf("answer to entry %d differs (-want +got), fault %v:\n%s", r.Index, res.Fault, diff)
		}
	}
	if diff := cmp.Diff(string(snapshot), string(takeSnapshot(t, replayed.FSM))); diff != "" {
		t.Errorf("snapshot differs (-want +got):\n%s", diff)
	}
	restored := newMachine(t)
	restore(t, restored, snapshot)
	sameView(t, replayed.View(), restored.View())
}

func answerOf(res fsm.Result) answer {
	return answer{Index: res.Index, Revision: res.Revision, Rejection: res.Rejection, Repeated: res.Repeated}
}

func record(t *testing.T, log []*raft.Log, logFile, stateFile string) {
	t.Helper()
	m := newMachine(t)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, l := range log {
		res := m.Apply(l).(fsm.Result)
		r := recorded{Index: l.Index, Term: l.Term, Type: l.Type, Command: string(l.Data), Answer: answerOf(res)}
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(logFile), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, raw := range map[string][]byte{logFile: out.Bytes(), stateFile: takeSnapshot(t, m.FSM)} {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
