package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

// summedDisk keeps a checksum with every log entry. bbolt checks only its own two meta pages, so that a flipped byte
// in an entry would be applied as if it had been proposed. The sum lies in the entry's extensions, which nothing else
// uses, and exists on this disk alone: it is taken off before Raft sees the entry.
type summedDisk struct {
	RaftDisk
}

// sumVersion opens the extensions of an entry with a checksum. An entry without extensions is one of an older version.
const sumVersion = 1

const sumSize = 1 + crc32.Size

// sumTable returns the polynomial with hardware support on common processors.
func sumTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// sumOf is the extension that stands for the entry.
func sumOf(log *raft.Log) []byte {
	var head [17]byte
	binary.BigEndian.PutUint64(head[0:], log.Index)
	binary.BigEndian.PutUint64(head[8:], log.Term)
	head[16] = byte(log.Type)
	sum := crc32.Update(crc32.Checksum(head[:], sumTable()), sumTable(), log.Data)
	return binary.BigEndian.AppendUint32([]byte{sumVersion}, sum)
}

// StoreLog implements raft.LogStore.
func (d summedDisk) StoreLog(log *raft.Log) error { return d.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements raft.LogStore.
func (d summedDisk) StoreLogs(logs []*raft.Log) error {
	summed := make([]raft.Log, len(logs))
	pointers := make([]*raft.Log, len(logs))
	for i, log := range logs {
		summed[i] = *log
		summed[i].Extensions = sumOf(log)
		pointers[i] = &summed[i]
	}
	return d.RaftDisk.StoreLogs(pointers)
}

// GetLog implements raft.LogStore. An entry that is not what was stored is an error.
func (d summedDisk) GetLog(index uint64, log *raft.Log) error {
	if err := d.RaftDisk.GetLog(index, log); err != nil {
		return err
	}
	kept := log.Extensions
	log.Extensions = nil
	switch {
	case log.Index != index:
		return fmt.Errorf("log entry %d is damaged: it calls itself entry %d", index, log.Index)
	case len(kept) == 0:
		return nil
	case len(kept) != sumSize || string(kept) != string(sumOf(log)):
		return fmt.Errorf("log entry %d is damaged: its checksum does not match", index)
	}
	return nil
}
