package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/fsm"
	"aiproxy/store"
)

// ofLevel1 makes a node of the first release.
func ofLevel1(c *store.Config) {
	c.FeatureLevel, c.Version = 1, "v0.1"
	initial := c.Init
	c.Init = func(clusterID string) (fsm.Init, error) {
		first, err := initial(clusterID)
		first.FeatureLevel = 1
		return first, err
	}
}

// change is a command of feature level 2.
func change(t *testing.T) fsm.Command {
	t.Helper()
	command, err := fsm.NewCommand(fsm.ConfigApply, fsm.ConfigChange{
		ClientKeys: []fsm.ClientKey{{Name: "team", Key: fsm.Sealed("sealed")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	command.By = "a test"
	return command
}

// TestRollingUpgradeRaisesTheFeatureLevel upgrades three nodes one by one. Until the last has come back, commands of the
// new level are refused on every node, with the names of those that hold it back.
func TestRollingUpgradeRaisesTheFeatureLevel(t *testing.T) {
	t.Parallel()
	nodes := form(t, 3, ofLevel1)
	for i := range nodes {
		for _, n := range nodes {
			assertHeldBack(t, n, nodes[i:])
		}
		command := weightCommand(t, i+10)
		command.By = "a test"
		if _, err := nodes[i].Apply(t.Context(), command); err != nil {
			t.Errorf("a write of level 1: %v", err)
		}
		nodes[i].shutdown(t)
		nodes[i] = nodes[i].reopen(t)
		eventually(t, "all nodes know the new version", func() bool { return knowVersion(nodes, nodes[i].config) })
	}
	eventually(t, "all nodes are at the new level", func() bool {
		for _, n := range nodes {
			if n.View().FeatureLevel != 2 {
				return false
			}
		}
		return true
	})
	receipt, err := nodes[0].Apply(t.Context(), change(t))
	if err != nil {
		t.Fatalf("receipt %+v, %v", receipt, err)
	}
	eventually(t, "all nodes have applied it", func() bool { return equalStates(nodes) })
	for _, n := range nodes {
		audit := n.View().Audit()
		if len(audit) != 2 || audit[0].By != "a test" || audit[1].By != "leader" || audit[1].Type != fsm.LevelRaise {
			t.Errorf("audit of %s: %+v", n.config.NodeID, audit)
		}
	}
}

func weightCommand(t *testing.T, weight int) fsm.Command {
	t.Helper()
	command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
	if err != nil {
		t.Fatal(err)
	}
	return command
}

func assertHeldBack(t *testing.T, n *node, by []*node) {
	t.Helper()
	_, err := n.Apply(t.Context(), change(t))
	if !errors.Is(err, fsm.ErrLevelTooLow) {
		t.Errorf("%s: error %v", n.config.NodeID, err)
		return
	}
	for _, old := range by {
		if want := "node " + old.config.NodeID + " (version v0.1, feature level 1)"; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", n.config.NodeID, err, want)
		}
	}
	if got := strings.Count(err.Error(), "(version"); got != len(by) {
		t.Errorf("%s: %d nodes in %v, want %d", n.config.NodeID, got, err, len(by))
	}
}

func knowVersion(nodes []*node, of store.Config) bool {
	for _, n := range nodes {
		if m, ok := n.View().Member(of.NodeID); !ok || m.Version != of.Version {
			return false
		}
	}
	return true
}

// TestOldBuildIsNotAdmitted asks for admission with a build that would stop at the first new command.
func TestOldBuildIsNotAdmitted(t *testing.T) {
	t.Parallel()
	nodes := form(t, 1)
	old := open(t, "n2", []string{nodes[0].config.Address}, ofLevel1)
	const reason = "node n2 (version v0.1) understands feature level 1 and the cluster is at 2: start it with the version of the other nodes"
	eventually(t, "the old node ends with the reason", func() bool { return strings.Contains(old.faults.text(), reason) })
	if !strings.Contains(nodes[0].log.String(), reason) {
		t.Errorf("the leader says:\n%s", nodes[0].log)
	}
}

// TestDataDirectoryOfLevel1 opens a copy of a directory that the first release left behind.
func TestDataDirectoryOfLevel1(t *testing.T) {
	t.Parallel()
	n := open(t, "node1", nil, func(c *store.Config) {
		c.Dir = filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(c.Dir, os.DirFS(filepath.Join("testdata", "level1"))); err != nil {
			t.Fatal(err)
		}
	})
	eventually(t, "the feature level is raised", func() bool { return n.View().FeatureLevel == 2 })
	v := n.View()
	a, _ := v.Instance("openai-a")
	b, _ := v.Instance("openai-b")
	if v.Revision != 3 || a.Weight != 7 || !a.Enabled || b.Enabled || len(a.APIKey) == 0 || v.ClusterID != "6122cdc27246ef3e5198fe492a600853" {
		t.Errorf("revision %d of cluster %s, instances %+v %+v", v.Revision, v.ClusterID, a, b)
	}
	if receipt, err := n.Apply(t.Context(), change(t)); err != nil || receipt.Revision != 4 {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
}
