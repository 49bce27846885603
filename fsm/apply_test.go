package fsm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

func TestApplyCommands(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		command fsm.Command
		// revision is what it must be afterwards; it is 1 before.
		revision uint64
		check    func(*fsm.View) bool
	}{
		{
			"settings are replaced",
			command(t, fsm.SettingsSet, fsm.Settings{ModelProviders: []string{"x", "y"}}), 2,
			func(v *fsm.View) bool { return len(v.Settings.ModelProviders) == 2 && !v.Settings.LoadBalancer.Enabled },
		},
		{
			"an algorithm leaves the other settings alone",
			command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "weighted"}), 2,
			func(v *fsm.View) bool {
				lb := v.Settings.LoadBalancer
				return lb.Algorithm == "weighted" && lb.Enabled && len(v.Settings.ModelProviders) == 1
			},
		},
		{
			"the algorithm in force is no change",
			command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "round_robin"}), 1,
			func(v *fsm.View) bool { return v.Settings.LoadBalancer.Algorithm == "round_robin" },
		},
		{
			"an instance is added between others",
			command(t, fsm.InstanceSet, instance("aa", 5)), 2,
			func(v *fsm.View) bool { return len(v.Instances) == 3 && v.Instances[1].Name == "aa" },
		},
		{
			"an instance is replaced",
			command(t, fsm.InstanceSet, fsm.Instance{Name: "a", Provider: "p", Weight: 9}), 2,
			func(v *fsm.View) bool { in, _ := v.Instance("a"); return in.Provider == "p" && in.BaseURL == "" },
		},
		{
			"an equal instance is no change",
			command(t, fsm.InstanceSet, instance("a", 1)), 1,
			func(v *fsm.View) bool { return len(v.Instances) == 2 },
		},
		{
			"an update changes the weight alone",
			command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "b", Weight: new(0)}), 2,
			func(v *fsm.View) bool { in, _ := v.Instance("b"); return in.Weight == 0 && in.Enabled },
		},
		{
			"an update disables",
			command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "b", Enabled: new(false)}), 2,
			func(v *fsm.View) bool { in, _ := v.Instance("b"); return in.Weight == 2 && !in.Enabled },
		},
		{
			"an update of nothing is no change",
			command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "b"}), 1,
			func(v *fsm.View) bool { return len(v.Instances) == 2 },
		},
		{
			"an instance is deleted",
			command(t, fsm.InstanceDelete, fsm.Name{Name: "a"}), 2,
			func(v *fsm.View) bool { _, ok := v.Instance("a"); return !ok && len(v.Instances) == 1 },
		},
		{
			"a member does not count as a revision",
			command(t, fsm.MemberSet, member("n1")), 1,
			func(v *fsm.View) bool { m, ok := v.Member("n1"); return ok && m.Address == "n1.example:3000" },
		},
		{
			"the same cluster may be initialised again",
			initial(t), 1,
			func(v *fsm.View) bool { return v.ClusterID == "c1" && len(v.Instances) == 2 },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initial(t))
			before, hash := m.View(), m.View().Hash()
			m.must(tc.command)
			if v := m.View(); v.Revision != tc.revision || v.Index != 2 || !tc.check(v) {
				t.Errorf("view after %s: %+v", tc.command.Type, v)
			}
			if before.Index != 1 || recomputed(before) != hash {
				t.Error("the earlier view was changed")
			}
			sameAfterReopening(t, m)
		})
	}
}

// recomputed returns the hash of a copy of v, so that nothing remembered is used. It only serves views without keys.
func recomputed(v *fsm.View) string {
	return (&fsm.View{
		Revision: v.Revision, ClusterID: v.ClusterID, FeatureLevel: v.FeatureLevel,
		Settings: v.Settings, Instances: v.Instances, Members: v.Members, SealCheck: v.SealCheck,
	}).Hash()
}

// sameAfterReopening closes and opens the mirror and compares the state with the one in memory.
func sameAfterReopening(t *testing.T, m *machine) {
	t.Helper()
	want := m.View()
	m.reopen()
	sameView(t, want, m.View())
}

func sameView(tb testing.TB, want, got *fsm.View) {
	tb.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(fsm.View{}), cmpopts.EquateEmpty()); diff != "" {
		tb.Fatalf("view differs (-want +got):\n%s", diff)
	}
	if want.Hash() != got.Hash() {
		tb.Fatalf("hash = %s, want %s", got.Hash(), want.Hash())
	}
}

func TestApplyRejects(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 129)
	change := func(edit func(*fsm.Instance)) fsm.Instance {
		in := instance("new", 1)
		edit(&in)
		return in
	}
	node := func(edit func(*fsm.Member)) fsm.Member {
		m := member("n1")
		edit(&m)
		return m
	}
	for _, tc := range []struct {
		name    string
		command fsm.Command
		code    fsm.RejectionCode
		message string
	}{
		{"another cluster", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c2", FeatureLevel: 1}), fsm.RejectedConflict, "has the id c1"},
		{"no cluster id", command(t, fsm.ClusterInit, fsm.Init{FeatureLevel: 1}), fsm.RejectedInvalid, "the cluster id is empty"},
		{"no algorithm", command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{}), fsm.RejectedInvalid, "the algorithm is empty"},
		{"algorithm with a space", command(t, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: "a b"}), fsm.RejectedInvalid, `"a b" has characters`},
		{"balancer without algorithm", command(t, fsm.SettingsSet, fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true}}), fsm.RejectedInvalid, "the algorithm is empty"},
		{"empty model provider", command(t, fsm.SettingsSet, fsm.Settings{ModelProviders: []string{""}}), fsm.RejectedInvalid, "the model provider is empty"},
		{"too many model providers", command(t, fsm.SettingsSet, fsm.Settings{ModelProviders: make([]string, 65)}), fsm.RejectedInvalid, "65 model providers"},
		{"no instance name", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Name = "" })), fsm.RejectedInvalid, "the instance name is empty"},
		{"long instance name", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Name = long })), fsm.RejectedInvalid, "longer than 128"},
		{"slash in a name", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Name = "a/b" })), fsm.RejectedInvalid, "characters other than"},
		{"no provider", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Provider = "" })), fsm.RejectedInvalid, "the provider is empty"},
		{"long URL", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.BaseURL = strings.Repeat("u", 2049) })), fsm.RejectedInvalid, "longer than 2048 bytes"},
		{"newline in the URL", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.BaseURL = "http://a\n" })), fsm.RejectedInvalid, "control characters"},
		{"negative weight", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Weight = -1 })), fsm.RejectedInvalid, "weight -1"},
		{"weight above the limit", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Weight = 1001 })), fsm.RejectedInvalid, "weight 1001"},
		{"negative priority", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Priority = -1 })), fsm.RejectedInvalid, "priority -1"},
		{"empty model", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Models = []string{""} })), fsm.RejectedInvalid, "has no name"},
		{"star within a model", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Models = []string{"a*b"} })), fsm.RejectedInvalid, "not its last character"},
		{"too many models", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.Models = make([]string, 1025) })), fsm.RejectedInvalid, "1025 models"},
		{"large key", command(t, fsm.InstanceSet, change(func(in *fsm.Instance) { in.APIKey = make(fsm.Sealed, 16<<10+1) })), fsm.RejectedInvalid, "sealed API key"},
		{"update of nobody", command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "nobody", Weight: new(1)}), fsm.RejectedNotFound, "no instance named nobody"},
		{"update out of range", command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: new(1001)}), fsm.RejectedInvalid, "weight 1001"},
		{"delete nobody", command(t, fsm.InstanceDelete, fsm.Name{Name: "nobody"}), fsm.RejectedNotFound, "no instance named nobody"},
		{"delete without a name", command(t, fsm.InstanceDelete, fsm.Name{}), fsm.RejectedInvalid, "the instance name is empty"},
		{"member without an id", command(t, fsm.MemberSet, node(func(m *fsm.Member) { m.ID = "" })), fsm.RejectedInvalid, "the node id is empty"},
		{"member without a disk", command(t, fsm.MemberSet, node(func(m *fsm.Member) { m.InstanceID = "" })), fsm.RejectedInvalid, "the instance id of node n1 is empty"},
		{"member without an address", command(t, fsm.MemberSet, node(func(m *fsm.Member) { m.Address = "" })), fsm.RejectedInvalid, "node n1 has no address"},
		{"member of old", command(t, fsm.MemberSet, node(func(m *fsm.Member) { m.FeatureLevel = 0 })), fsm.RejectedConflict, "understands feature level 0"},
		{"delete an unknown member", command(t, fsm.MemberDelete, fsm.Name{Name: "n9"}), fsm.RejectedNotFound, "no node named n9"},
		{"control characters in a key", keyed(initial(t), "a\tb"), fsm.RejectedInvalid, "printable ASCII"},
		{"long key", keyed(initial(t), strings.Repeat("k", 256)), fsm.RejectedInvalid, "longer than 255"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initial(t))
			hash := m.View().Hash()
			res := m.apply(tc.command)
			if res.Rejection == nil || res.Rejection.Code != tc.code || !strings.Contains(res.Rejection.Message, tc.message) {
				t.Fatalf("rejection = %+v, want %s with %q", res.Rejection, tc.code, tc.message)
			}
			if res.Index != 2 || res.Revision != 1 || m.View().Index != 2 || m.View().Hash() != hash {
				t.Errorf("result %+v; the state must stay as it was but for its index", res)
			}
			if len(res.Rejection.Message) > 300 {
				t.Errorf("the message has %d bytes", len(res.Rejection.Message))
			}
		})
	}
}

func TestInitRejects(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		command fsm.Command
		code    fsm.RejectionCode
		message string
	}{
		{"change before the initialisation", command(t, fsm.InstanceSet, instance("a", 1)), fsm.RejectedConflict, "not initialised yet"},
		{"no level", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c"}), fsm.RejectedInvalid, "feature level 0"},
		{"bad settings", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c", FeatureLevel: 1, Settings: fsm.Settings{ModelProviders: []string{" "}}}), fsm.RejectedInvalid, "model provider"},
		{"bad instance", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c", FeatureLevel: 1, Instances: []fsm.Instance{instance("a", -1)}}), fsm.RejectedInvalid, "weight -1"},
		{"one instance twice", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c", FeatureLevel: 1, Instances: []fsm.Instance{instance("a", 1), instance("a", 2)}}), fsm.RejectedInvalid, "two instances named a"},
		{"large seal check", command(t, fsm.ClusterInit, fsm.Init{ClusterID: "c", FeatureLevel: 1, SealCheck: make(fsm.Sealed, 16<<10+1)}), fsm.RejectedInvalid, "seal check"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			res := m.apply(tc.command)
			if res.Rejection == nil || res.Rejection.Code != tc.code || !strings.Contains(res.Rejection.Message, tc.message) {
				t.Fatalf("rejection = %+v, want %s with %q", res.Rejection, tc.code, tc.message)
			}
			if v := m.View(); v.ClusterID != "" || len(v.Instances) != 0 || v.Revision != 0 {
				t.Errorf("a rejected initialisation left %+v", v)
			}
		})
	}
}

func TestMemberKeepsItsTimeOfJoining(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	first := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("somewhere", 3600))
	set := func(at time.Time, edit func(*fsm.Member)) time.Time {
		n := member("n1")
		edit(&n)
		c := command(t, fsm.MemberSet, n)
		c.At = at
		m.must(c)
		got, _ := m.View().Member("n1")
		return got.JoinedAt
	}
	if got := set(first, func(*fsm.Member) {}); !got.Equal(first) || got.Location() != time.UTC {
		t.Errorf("joined at %v, want the command's time in UTC", got)
	}
	if got := set(first.Add(time.Hour), func(n *fsm.Member) { n.Address = "elsewhere:1" }); !got.Equal(first) {
		t.Errorf("a new address moved the time to %v", got)
	}
	if got := set(first.Add(time.Hour), func(n *fsm.Member) { n.InstanceID = "new-disk" }); !got.Equal(first.Add(time.Hour)) {
		t.Errorf("a new disk kept the time %v", got)
	}
	if got := set(first, func(n *fsm.Member) { n.JoinedAt = first.Add(time.Minute) }); !got.Equal(first.Add(time.Minute)) {
		t.Errorf("the given time became %v", got)
	}
	sameAfterReopening(t, m)
}

func TestIfRevision(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	change := func(weight int, revision uint64) fsm.Command {
		c := command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
		c.IfRevision = revision
		return c
	}
	m.must(change(5, 1))
	res := m.apply(change(6, 1))
	if res.Rejection == nil || res.Rejection.Code != fsm.RejectedRevision || res.Rejection.Message != "the revision is 2, not 1" {
		t.Errorf("rejection = %+v", res.Rejection)
	}
	m.must(change(7, 2))
	if in, _ := m.View().Instance("a"); in.Weight != 7 || m.View().Revision != 3 {
		t.Errorf("weight %d at revision %d", in.Weight, m.View().Revision)
	}
}

func TestOtherEntriesAdvanceTheIndex(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	hash := m.View().Hash()
	out := m.ApplyBatch([]*raft.Log{
		{Index: 2, Term: 1, Type: raft.LogConfiguration, Data: []byte("not ours")},
		{Index: 5, Term: 2, Type: raft.LogBarrier},
		{Index: 9, Term: 3, Type: raft.LogNoop},
	})
	want := []any{fsm.Result{Index: 2, Revision: 1}, fsm.Result{Index: 5, Revision: 1}, fsm.Result{Index: 9, Revision: 1}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("results differ (-want +got):\n%s", diff)
	}
	if v := m.View(); v.Index != 9 || v.Term != 3 || v.Hash() != hash {
		t.Errorf("index %d, term %d", v.Index, v.Term)
	}
	sameAfterReopening(t, m)
}

func TestBatchSeesItsOwnChanges(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	published := 0
	_, newer := m.Watch()
	out := m.ApplyBatch([]*raft.Log{
		m.entry(initial(t)),
		m.entry(command(t, fsm.InstanceDelete, fsm.Name{Name: "a"})),
		m.entry(command(t, fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: new(3)})),
		m.entry(command(t, fsm.InstanceSet, instance("a", 4))),
	})
	for {
		select {
		case <-newer:
			published++
			_, newer = m.Watch()
			continue
		default:
		}
		break
	}
	if published != 1 {
		t.Errorf("%d views were published for one batch", published)
	}
	if rejection := out[2].(fsm.Result).Rejection; rejection == nil || rejection.Code != fsm.RejectedNotFound {
		t.Errorf("update after deletion: %+v", out[2])
	}
	if in, ok := m.View().Instance("a"); !ok || in.Weight != 4 || m.View().Revision != 3 {
		t.Errorf("instance %+v at revision %d", in, m.View().Revision)
	}
	sameAfterReopening(t, m)
}
