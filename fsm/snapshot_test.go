package fsm_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"aiproxy/fsm"
)

func TestSnapshotOfEveryPrefix(t *testing.T) {
	t.Parallel()
	logs := sampleLog(t)
	whole := newMachine(t)
	whole.ApplyBatch(logs)
	source := newMachine(t)
	for i, l := range logs {
		source.Apply(l)
		raw := takeSnapshot(t, source.FSM)
		target := newMachine(t)
		target.ApplyBatch(logs[:len(logs)-1-i])
		restore(t, target, raw)
		sameView(t, source.View(), target.View())
		sameAfterReopening(t, target)
		if again := takeSnapshot(t, target.FSM); !bytes.Equal(raw, again) {
			t.Fatalf("the snapshot of a restored snapshot differs:\n%s\n%s", raw, again)
		}
		target.ApplyBatch(logs)
		sameView(t, whole.View(), target.View())
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	t.Parallel()
	target := newMachine(t)
	target.ApplyBatch(sampleLog(t))
	restore(t, target, takeSnapshot(t, newMachine(t).FSM))
	if v := target.View(); v.Index != 0 || v.ClusterID != "" || len(v.Instances) != 0 {
		t.Errorf("view = %+v", v)
	}
	sameAfterReopening(t, target)
}

// TestSnapshotWhileApplying persists a snapshot after the state has moved on.
func TestSnapshotWhileApplying(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t), keyed(weightOfA(t, 5), "k1"))
	want := takeSnapshot(t, m.FSM)
	s, err := m.Snapshot()
	if err != nil {
		t.Fatalf("snapshot: %v", err)
	}
	done := make(chan error, 1)
	var sink memorySink
	go func() { done <- s.Persist(&sink) }()
	for i := range 50 {
		m.must(keyed(weightOfA(t, i), fmt.Sprint("k", i+2)), command(t, fsm.InstanceSet, instance(fmt.Sprint("i", i), i)))
	}
	if err := <-done; err != nil || !bytes.Equal(sink.Bytes(), want) {
		t.Errorf("error %v, snapshot\n%s\nwant\n%s", err, sink.Bytes(), want)
	}
}

func TestSnapshotIsCanceledWhenItCannotBeWritten(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	s, err := m.Snapshot()
	if err != nil {
		t.Fatalf("snapshot: %v", err)
	}
	sink := memorySink{limit: 10}
	if err := s.Persist(&sink); !errors.Is(err, io.ErrShortWrite) || !sink.canceled || sink.closed {
		t.Errorf("error %v, canceled %t, closed %t", err, sink.canceled, sink.closed)
	}
}

// signed ends the lines with the trailer that belongs to them.
func signed(lines ...string) []byte {
	body := strings.Join(lines, "\n") + "\n"
	return fmt.Appendf(nil, "%ssha256 %x\n", body, sha256.Sum256([]byte(body)))
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.ApplyBatch(sampleLog(t))
	good := takeSnapshot(t, m.FSM)
	const (
		magic    = "aiproxy-fsm-snapshot 1"
		head     = `{"head":{"index":1,"term":1,"cluster_id":"c","feature_level":1,"revision":1}}`
		settings = `{"settings":{"load_balancer":{"enabled":false,"algorithm":""},"model_providers":[]}}`
		in       = `{"instance":{"name":"a","provider":"p","base_url":"","weight":1,"enabled":true}}`
		node     = `{"member":{"id":"n1","instance_id":"d","address":"a:1","version":"","feature_level":1,"joined_at":"2026-11-23T12:00:00Z"}}`
		key      = `{"key":{"key":"k","type":"settings.set","index":1,"revision":1}}`
	)
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for _, tc := range []struct {
		name    string
		raw     []byte
		is      error
		message string
	}{
		{"nothing", nil, fsm.ErrSnapshotForeign, "does not begin with"},
		{"text", []byte("hello\n"), fsm.ErrSnapshotForeign, "does not begin with"},
		{"another version", signed("aiproxy-fsm-snapshot 2", head, settings), fsm.ErrSnapshotForeign, `not of version "1"`},
		{"the first line alone", []byte(magic + "\n"), fsm.ErrSnapshotDamaged, "ends too early"},
		{"a flipped bit", flipped, fsm.ErrSnapshotDamaged, "checksum"},
		{"a missing end", good[:len(good)-1], fsm.ErrSnapshotDamaged, "checksum"},
		{"a byte too many", append(slices.Clone(good), '\n'), fsm.ErrSnapshotDamaged, "checksum"},
		{"twice", slices.Concat(good, good), fsm.ErrSnapshotDamaged, "checksum"},
		{"no rows", signed(magic), fsm.ErrSnapshotDamaged, "no head"},
		{"no settings", signed(magic, head), fsm.ErrSnapshotDamaged, "no settings"},
		{"no head first", signed(magic, settings, head), fsm.ErrSnapshotDamaged, "row 1: the first row is not the head"},
		{"two heads", signed(magic, head, head, settings), fsm.ErrSnapshotDamaged, "row 2: there are two heads"},
		{"two settings", signed(magic, head, settings, settings), fsm.ErrSnapshotDamaged, "two rows of settings"},
		{"an instance twice", signed(magic, head, settings, in, in), fsm.ErrSnapshotDamaged, "instance a is out of order"},
		{"a member twice", signed(magic, head, settings, node, node), fsm.ErrSnapshotDamaged, "member n1 is out of order"},
		{"a key twice", signed(magic, head, settings, key, key), fsm.ErrSnapshotDamaged, "key of entry 1 is out of order"},
		{"a key used twice", signed(magic, strings.Replace(head, `index":1`, `index":2`, 1), settings, key, strings.Replace(key, `index":1`, `index":2`, 1)), fsm.ErrSnapshotDamaged, "key of entry 2 occurs twice"},
		{"a key from the future", signed(magic, head, settings, strings.Replace(key, `index":1`, `index":2`, 1)), fsm.ErrSnapshotDamaged, "beyond the head's index 1"},
		{"an empty row", signed(magic, head, settings, "{}"), fsm.ErrSnapshotDamaged, "row of 0 tables"},
		{"two tables in a row", signed(magic, head, settings[:len(settings)-1]+","+in[1:]), fsm.ErrSnapshotDamaged, "row of 2 tables"},
		{"an empty line", signed(magic, head, settings, ""), fsm.ErrSnapshotDamaged, "row 3"},
		{"an unknown table", signed(magic, head, settings, `{"dream":{}}`), fsm.ErrSnapshotDamaged, "dream"},
		{"an unknown field", signed(magic, head, settings, strings.Replace(in, "}}", `,"colour":1}}`, 1)), fsm.ErrSnapshotDamaged, "colour"},
		{"a newer level", signed(magic, strings.Replace(head, `level":1`, `level":3`, 1), settings), fsm.ErrFeatureLevel, "needs feature level 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.must(initial(t), keyed(weightOfA(t, 5), "k1"))
			before := m.View()
			err := m.Restore(io.NopCloser(bytes.NewReader(tc.raw)))
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.message) {
				t.Fatalf("error = %v, want %v with %q", err, tc.is, tc.message)
			}
			if m.View() != before {
				t.Error("the state was changed")
			}
			if res := m.apply(keyed(weightOfA(t, 5), "k1")); !res.Repeated {
				t.Errorf("the memory was changed: %+v", res)
			}
			sameAfterReopening(t, m)
		})
	}
}

func TestRestoreReportsReadErrors(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.must(initial(t))
	broken := errors.New("the disk is gone")
	if err := m.Restore(io.NopCloser(iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	m.must(weightOfA(t, 9))
}

// FuzzRestore feeds rows in an intact frame, so that the rows' own rules are reached. What is accepted must survive a
// snapshot and a restart.
func FuzzRestore(f *testing.F) {
	m := newMachine(f)
	m.ApplyBatch(sampleLog(f))
	raw := takeSnapshot(f, m.FSM)
	body := raw[:bytes.LastIndex(raw, []byte("sha256 "))]
	f.Add(body, true)
	f.Add(raw, false)
	f.Add([]byte("aiproxy-fsm-snapshot 1\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, frame bool) {
		if frame {
			body = fmt.Appendf(slices.Clip(body), "sha256 %x\n", sha256.Sum256(body))
		}
		m := newMachine(t)
		m.must(initial(t))
		before := m.View()
		if err := m.Restore(io.NopCloser(bytes.NewReader(body))); err != nil {
			if m.View() != before {
				t.Fatal("a refused snapshot changed the state")
			}
			return
		}
		again := newMachine(t)
		restore(t, again, takeSnapshot(t, m.FSM))
		sameView(t, m.View(), again.View())
		if m.index = m.View().Index; m.index < 1<<63 {
			m.apply(keyed(weightOfA(t, 5), "k1"))
		}
		sameAfterReopening(t, m)
	})
}
