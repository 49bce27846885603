package fsm_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// BenchmarkApplyBatch measures what a replica pays for a batch of writes with idempotency keys, with the mirror on
// the disk in earnest and without waiting for it. ns/op is per batch.
func BenchmarkApplyBatch(b *testing.B) {
	for _, bc := range []struct {
		instances, batch int
		noSync           bool
	}{
		{10, 1, false},
		{10, 64, false},
		{10, 1, true},
		{10, 64, true},
		{10_000, 1, true},
		{10_000, 64, true},
	} {
		b.Run(fmt.Sprintf("instances=%d/batch=%d/nosync=%t", bc.instances, bc.batch, bc.noSync), func(b *testing.B) {
			m := withInstances(b, bc.instances, bc.noSync)
			// Every batch changes what the one before it set.
			var batches [2][]*raft.Log
			for turn := range batches {
				for i := range bc.batch {
					change := fsm.InstanceChange{Name: fmt.Sprint("i", i%bc.instances), Weight: new(2*i + turn)}
					c := keyed(command(b, fsm.InstanceUpdate, change), keyOfBench)
					batches[turn] = append(batches[turn], logEntry(b, 0, c))
				}
			}
			b.ReportAllocs()
			for turn := 0; b.Loop(); turn = 1 - turn {
				for _, l := range batches[turn] {
					m.index++
					l.Index = m.index
					l.Data = setKey(l.Data, int(m.index))
				}
				m.ApplyBatch(batches[turn])
			}
		})
	}
}

// keyOfBench is a key as long as those that setKey puts in its place.
const keyOfBench = "0000000000000000"

// setKey returns an encoded command with another key, at next to no cost. Entries are not written to: the log is
// Raft's.
func setKey(raw []byte, n int) []byte {
	raw = bytes.Clone(raw)
	at := bytes.Index(raw, []byte(`"key":"`)) + len(`"key":"`)
	copy(raw[at:], fmt.Appendf(nil, "%0*d", len(keyOfBench), n))
	return raw
}

// BenchmarkApplyMember measures a batch that changes no instance, beside many of them: they must not matter.
func BenchmarkApplyMember(b *testing.B) {
	for _, instances := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("instances=%d", instances), func(b *testing.B) {
			m := withInstances(b, instances, true)
			l := m.entry(command(b, fsm.MemberSet, member("n1")))
			b.ReportAllocs()
			for b.Loop() {
				m.index++
				l.Index = m.index
				m.Apply(l)
			}
		})
	}
}

func BenchmarkTenThousandInstances(b *testing.B) {
	m := withInstances(b, 10_000, true)
	raw := takeSnapshot(b, m.FSM)
	b.Run("snapshot", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			takeSnapshot(b, m.FSM)
		}
	})
	b.Run("restore", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			restore(b, m, raw)
		}
	})
	b.Run("reopen", func(b *testing.B) {
		for b.Loop() {
			m.reopen()
		}
	})
	b.Run("lookup", func(b *testing.B) {
		v := m.View()
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := v.Instance("i5000"); !ok {
				b.Fatal("not found")
			}
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	c := keyed(weightOfA(b, 7), "0123456789abcdef0123456789abcdef")
	raw, err := c.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := fsm.Decode(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// withInstances returns a state machine that holds n instances, i0 and so on.
func withInstances(b *testing.B, n int, noSync bool) *machine {
	b.Helper()
	m := &machine{t: b, path: filepath.Join(b.TempDir(), "mirror.db")}
	f, err := fsm.Open(m.path, fsm.Options{NoSync: noSync})
	if err != nil {
		b.Fatal(err)
	}
	m.FSM = f
	b.Cleanup(func() { m.Close() })
	batch := []*raft.Log{m.entry(command(b, fsm.ClusterInit, fsm.Init{ClusterID: "c", FeatureLevel: fsm.FeatureLevel}))}
	for i := range n {
		batch = append(batch, m.entry(command(b, fsm.InstanceSet, instance(fmt.Sprint("i", i), 1))))
	}
	m.ApplyBatch(batch)
	return m
}

// BenchmarkApplyConfig measures a change of 10,000 instances in one command, as every replica pays for it.
func BenchmarkApplyConfig(b *testing.B) {
	m := withInstances(b, 0, true)
	var entries [2][]byte
	for turn := range entries {
		var change fsm.ConfigChange
		for i := range 10_000 {
			change.Instances = append(change.Instances, instance(fmt.Sprint("i", i), turn+1))
		}
		entries[turn] = logEntry(b, 0, command(b, fsm.ConfigApply, change)).Data
	}
	b.SetBytes(int64(len(entries[0])))
	b.ReportAllocs()
	for turn := 0; b.Loop(); turn = 1 - turn {
		m.index++
		if res := m.Apply(&raft.Log{Index: m.index, Type: raft.LogCommand, Data: entries[turn]}).(fsm.Result); res.Rejection != nil {
			b.Fatal(res.Rejection)
		}
	}
}
