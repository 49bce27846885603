//go:build linux

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"aiproxy/fsm"
)

// snapshotFigures are times in milliseconds of a state machine with a large configuration.
type snapshotFigures struct {
	// Apply is the command that brings the configuration, mirror included.
	Apply float64 `json:"apply_ms"`
	// Take is a snapshot, written and synced; Restore reads it into another state machine.
	Take    float64 `json:"take_ms"`
	Restore float64 `json:"restore_ms"`
	Bytes   int64   `json:"bytes"`
}

// sealedSize is the size of a sealed API key of common length.
const sealedSize = 96

// snapshot measures the state machine with Raft's file store, which is what a node has.
func (b *bed) snapshot() (f snapshotFigures, err error) {
	dir, err := os.MkdirTemp(b.dir, "snapshot-")
	if err != nil {
		return f, fmt.Errorf("make directory: %w", err)
	}
	machine, err := fsm.Open(filepath.Join(dir, "from.db"), fsm.Options{NoSync: true})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	if f.Apply, err = b.applyFirst(machine); err != nil {
		return f, err
	}
	store, err := raft.NewFileSnapshotStoreWithLogger(dir, 1, hclog.NewNullLogger())
	if err != nil {
		return f, fmt.Errorf("open snapshots: %w", err)
	}
	begun := time.Now()
	if err := persist(machine, store); err != nil {
		return f, err
	}
	f.Take = milliseconds(time.Since(begun))
	return f, f.restore(store, filepath.Join(dir, "to.db"))
}

// applyFirst gives the machine the large configuration and returns how long that took.
func (b *bed) applyFirst(machine *fsm.FSM) (float64, error) {
	first, err := b.firstConfiguration(rand.Text())
	if err != nil {
		return 0, err
	}
	pattern := first.Instances[0]
	first.Instances = make([]fsm.Instance, b.instances)
	for i := range first.Instances {
		pattern.Name, pattern.APIKey = instanceName(i), make(fsm.Sealed, sealedSize)
		_, _ = rand.Read(pattern.APIKey) // It never fails.
		first.Instances[i] = pattern
	}
	command, err := fsm.NewCommand(fsm.ClusterInit, first)
	if err != nil {
		return 0, err
	}
	command.Key, command.At = rand.Text(), time.Now().UTC()
	raw, err := command.Encode()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	results := machine.ApplyBatch([]*raft.Log{{Index: 1, Term: 1, Type: raft.LogCommand, Data: raw}})
	took := milliseconds(time.Since(begun))
	if result, ok := results[0].(fsm.Result); !ok || result.Fault != nil || result.Rejection != nil {
		return took, fmt.Errorf("the state machine does not take the configuration: %+v", results[0])
	}
	return took, nil
}

func persist(machine *fsm.FSM, store raft.SnapshotStore) error {
	snapshot, err := machine.Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	_, transport := raft.NewInmemTransport("bench")
	sink, err := store.Create(raft.SnapshotVersionMax, machine.View().Index, 1, raft.Configuration{}, 1, transport)
	if err != nil {
		return fmt.Errorf("create snapshot: %w", err)
	}
	return snapshot.Persist(sink)
}

// restore reads the newest snapshot of the store into a new state machine.
func (f *snapshotFigures) restore(store raft.SnapshotStore, path string) (err error) {
	list, err := store.List()
	if err != nil || len(list) == 0 {
		return errors.Join(errors.New("find the snapshot"), err)
	}
	meta, source, err := store.Open(list[0].ID)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	f.Bytes = meta.Size
	machine, err := fsm.Open(path, fsm.Options{NoSync: true})
	if err != nil {
		return errors.Join(err, source.Close())
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	begun := time.Now()
	err = machine.Restore(source)
	f.Restore = milliseconds(time.Since(begun))
	return err
}
