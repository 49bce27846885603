package backup_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/fsm/backup"
)

// state is the view of a cluster with two instances.
func state(t *testing.T) *fsm.View {
	t.Helper()
	machine, err := fsm.Open(filepath.Join(t.TempDir(), "state.db"), fsm.Options{NoSync: true, OnFault: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = machine.Close() })
	command, err := fsm.NewCommand(fsm.ClusterInit, fsm.Init{
		ClusterID: "c1", FeatureLevel: fsm.FeatureLevel,
		Settings: fsm.Settings{LoadBalancer: fsm.LoadBalancer{Enabled: true, Algorithm: "round_robin"}},
		Instances: []fsm.Instance{
			{Name: "a", Provider: "openai-custom", BaseURL: "http://127.0.0.1:1", Weight: 1, Enabled: true, APIKey: fsm.Sealed("sealed a")},
			{Name: "b", Provider: "openai-custom", BaseURL: "http://127.0.0.1:2", Weight: 2, Enabled: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := command.Encode()
	if err != nil {
		t.Fatal(err)
	}
	machine.Apply(&raft.Log{Index: 3, Term: 2, Type: raft.LogCommand, Data: raw})
	return machine.View()
}

func written(t *testing.T, v *fsm.View) []byte {
	t.Helper()
	var out bytes.Buffer
	err := backup.Write(&out, v, backup.Origin{Node: "n1", Version: "v1", SealKey: "ab12", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	v := state(t)
	got, err := backup.Read(bytes.NewReader(written(t, v)))
	if err != nil {
		t.Fatal(err)
	}
	want := &backup.Backup{
		Header: backup.Header{
			ClusterID: "c1", Revision: 1, Index: 3, FeatureLevel: fsm.FeatureLevel, Node: "n1", Version: "v1", SealKey: "ab12",
			CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Instances: 2,
		},
		Configuration: fsm.Configuration{Settings: v.Settings, Instances: v.Instances, ClientKeys: v.ClientKeys},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestEveryCutAndEveryFlippedBitIsNoticed leaves no byte out.
func TestEveryCutAndEveryFlippedBitIsNoticed(t *testing.T) {
	t.Parallel()
	raw := written(t, state(t))
	for size := range raw {
		if _, err := backup.Read(bytes.NewReader(raw[:size])); err == nil {
			t.Fatalf("a backup cut to %d of %d bytes was taken", size, len(raw))
		}
	}
	for at := range raw {
		harmed := bytes.Clone(raw)
		harmed[at] ^= 1 << (at % 8)
		if _, err := backup.Read(bytes.NewReader(harmed)); err == nil {
			t.Fatalf("a backup with a flipped bit in byte %d was taken", at)
		}
	}
}

// summed gives text the checksum that a backup of it would have.
func summed(text string) string {
	return fmt.Sprintf("%ssha256 %x\n", text, sha256.Sum256([]byte(text)))
}

func TestReasonsForRefusal(t *testing.T) {
	t.Parallel()
	raw := string(written(t, state(t)))
	body := raw[:strings.LastIndex(raw, "sha256 ")]
	for _, tc := range []struct {
		name, text string
		is         error
		want       string
	}{
		{"empty", "", backup.ErrForeign, "not a backup"},
		{"another file", "api_key: x\n", backup.ErrForeign, "not a backup"},
		{"newer format", strings.Replace(raw, "aiproxy-backup 1", "aiproxy-backup 2", 1), backup.ErrNewer, `format is "2"`},
		{"newer feature level", summed(strings.Replace(body, `"feature_level":`, `"feature_level":9`, 1)), backup.ErrNewer, "feature level is 9"},
		{"cut", raw[:len(raw)/2], backup.ErrDamaged, "checksum"},
		{"only its first line", "aiproxy-backup 1\n", backup.ErrDamaged, "too early"},
		{"header of another state", summed(strings.Replace(body, `"revision":1`, `"revision":7`, 1)), backup.ErrDamaged, "header"},
		{"state damaged before it was summed", summed(strings.Replace(body, `"weight":2`, `"weight":3`, 1)), backup.ErrDamaged, "checksum"},
		{"too large", strings.Repeat("x", backup.MaxSize+1), backup.ErrTooLarge, "MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := backup.Read(strings.NewReader(tc.text))
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %v with %q", err, tc.is, tc.want)
			}
		})
	}
}
