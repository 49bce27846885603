//go:build faults

package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/store"
)

const (
	// faultsVariable names the directory whose files are orders to fail. They are obeyed as long as they are there.
	faultsVariable = "FAULTS_DIR"
	// hangFile makes writes to Raft's database hang.
	hangFile = "hang"
	// clockFile holds the duration by which the clock is wrong, such as -1h.
	clockFile = "clock"
	// orderPause is the wait between two looks whether an order still stands.
	orderPause = 20 * time.Millisecond
)

// faults is the directory of orders.
type faults string

// injectFaults lets the node fail on order, in the ways in which one process can't make another fail.
func injectFaults(c *store.Config) {
	dir, ok := os.LookupEnv(faultsVariable)
	if !ok {
		return
	}
	c.Now = faults(dir).now
	c.WrapDisk = func(disk store.RaftDisk) store.RaftDisk { return &hangingDisk{RaftDisk: disk, faults: faults(dir)} }
}

// now is the time on a clock that may be wrong. Like one that was set, it has no monotonic part.
func (f faults) now() time.Time {
	text, err := os.ReadFile(filepath.Join(string(f), clockFile))
	if err != nil {
		return time.Now()
	}
	offset, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return time.Now()
	}
	return time.Now().Add(offset).Round(0)
}

// hang returns once there is no order to hang.
func (f faults) hang() {
	for {
		if _, err := os.Stat(filepath.Join(string(f), hangFile)); err != nil {
			return
		}
		<-time.After(orderPause)
	}
}

// hangingDisk is a disk whose writes hang on order. Reads come from the page cache and go on.
type hangingDisk struct {
	store.RaftDisk
	faults faults
}

// StoreLog implements raft.LogStore.
func (d *hangingDisk) StoreLog(log *raft.Log) error {
	d.faults.hang()
	return d.RaftDisk.StoreLog(log)
}

// StoreLogs implements raft.LogStore.
func (d *hangingDisk) StoreLogs(logs []*raft.Log) error {
	d.faults.hang()
	return d.RaftDisk.StoreLogs(logs)
}

// DeleteRange implements raft.LogStore.
func (d *hangingDisk) DeleteRange(first, last uint64) error {
	d.faults.hang()
	return d.RaftDisk.DeleteRange(first, last)
}

// Set implements raft.StableStore.
func (d *hangingDisk) Set(key, value []byte) error {
	d.faults.hang()
	return d.RaftDisk.Set(key, value)
}

// SetUint64 implements raft.StableStore.
func (d *hangingDisk) SetUint64(key []byte, value uint64) error {
	d.faults.hang()
	return d.RaftDisk.SetUint64(key, value)
}
