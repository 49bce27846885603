package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/fsm"
	"aiproxy/store"
)

// TestLargeChangesDoNotFillTheDisk writes some twenty times as much as the log may grow by. Without a snapshot in between
// the log would hold all of it.
func TestLargeChangesDoNotFillTheDisk(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	n := open(t, "n1", nil, func(c *store.Config) { c.SnapshotBytes = limit })
	eventually(t, "the node is ready", func() bool { return n.Readiness().CaughtUp })
	written := 0
	for round := range 60 {
		var change fsm.ConfigChange
		for i := range 200 {
			change.Instances = append(change.Instances, fsm.Instance{
				Name: fmt.Sprint("i", i), Provider: "openai-custom", BaseURL: "http://127.0.0.1:1/" + strings.Repeat("x", 1500),
				Weight: round + 1, Enabled: true,
			})
		}
		command, err := fsm.NewCommand(fsm.ConfigApply, change)
		if err != nil {
			t.Fatal(err)
		}
		written += len(command.Payload)
		if _, err := n.Apply(t.Context(), command); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a snapshot has taken the log's place", func() bool {
		entries, bytes := n.LogSize()
		return n.Stats().Snapshot && entries < 60 && bytes < written/3
	})
	file, err := os.Stat(filepath.Join(n.config.Dir, "raft.db"))
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() > int64(written)*2/3 {
		t.Errorf("raft.db has %d bytes after changes of %d", file.Size(), written)
	}
}
