package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// mirrorFormat is the version of the mirror's layout.
const mirrorFormat = "aiproxy-fsm-mirror 1"

// The buckets of a mirror and the keys in its meta bucket. Settings have one row, with the bucket's name as its key;
// instances and members are keyed by name, idempotency keys by the index of the first entry of their batch.
var (
	metaBucket      = []byte("meta")
	settingsBucket  = []byte("settings")
	instancesBucket = []byte("instances")
	membersBucket   = []byte("members")
	keysBucket      = []byte("keys")

	formatKey = []byte("format")
	headKey   = []byte("head")
)

func rowBuckets() [][]byte {
	return [][]byte{settingsBucket, instancesBucket, membersBucket, keysBucket}
}

// mirror is the state in a bbolt file, as of its last transaction. Its only reader is the next start of the process.
type mirror struct {
	db *bolt.DB
	// index is the last entry that the file includes, sum the checksum over all of its rows.
	index uint64
	sum   rowSum
	// chunks are the rows of the keys bucket, oldest first.
	chunks []chunk
}

// chunk is a row of idempotency keys: those of the entries first to last.
type chunk struct{ first, last uint64 }

// mirrorHead is the head row: the state's head and the checksum of all other rows.
type mirrorHead struct {
	head
	Sum rowSum `json:"sum"`
}

// commit writes the rows that d changed, and its index, in one transaction.
func (m *mirror) commit(d *draft) error {
	w := mirrorWriter{sum: m.sum, chunks: m.chunks}
	err := m.db.Update(func(tx *bolt.Tx) error {
		w.tx = tx
		return w.writeChanges(d, m.index)
	})
	if err != nil {
		return fmt.Errorf("write mirror up to index %d: %w", d.next.Index, err)
	}
	m.index, m.sum, m.chunks = d.next.Index, w.sum, w.chunks
	return nil
}

// replace makes v the whole content of the mirror, in one transaction.
func (m *mirror) replace(v *View) error {
	var w mirrorWriter
	err := m.db.Update(func(tx *bolt.Tx) error {
		w.tx = tx
		return w.writeAll(v)
	})
	if err != nil {
		return fmt.Errorf("replace mirror by index %d: %w", v.Index, err)
	}
	m.index, m.sum, m.chunks = v.Index, w.sum, w.chunks
	return nil
}

// close brings everything to the disk, so that an orderly stop leaves a whole mirror however it was written.
func (m *mirror) close() error {
	if err := errors.Join(m.db.Sync(), m.db.Close()); err != nil {
		return fmt.Errorf("close mirror: %w", err)
	}
	return nil
}

// mirrorWriter writes rows in one transaction and keeps their checksum.
type mirrorWriter struct {
	tx     *bolt.Tx
	sum    rowSum
	chunks []chunk
}

func (w *mirrorWriter) writeChanges(d *draft, from uint64) error {
	if d.settingsChanged {
		if err := w.put(settingsBucket, settingsBucket, d.next.Settings); err != nil {
			return err
		}
	}
	for _, name := range d.changedInstances() {
		in, ok := d.next.Instance(name)
		if err := w.putOrDelete(instancesBucket, name, in, ok); err != nil {
			return err
		}
	}
	for _, id := range d.changedMembers() {
		m, ok := d.next.Member(id)
		if err := w.putOrDelete(membersBucket, id, m, ok); err != nil {
			return err
		}
	}
	if err := w.writeKeys(d.next.memory, from); err != nil {
		return err
	}
	return w.putHead(headOf(d.next))
}

func (w *mirrorWriter) writeAll(v *View) error {
	if err := w.clear(); err != nil {
		return err
	}
	if err := w.put(settingsBucket, settingsBucket, v.Settings); err != nil {
		return err
	}
	for i := range v.Instances {
		if err := w.put(instancesBucket, []byte(v.Instances[i].Name), v.Instances[i]); err != nil {
			return err
		}
	}
	for i := range v.Members {
		if err := w.put(membersBucket, []byte(v.Members[i].ID), v.Members[i]); err != nil {
			return err
		}
	}
	if err := w.writeKeys(v.memory, 0); err != nil {
		return err
	}
	return w.putHead(headOf(v))
}

// clear leaves empty buckets of the current format.
func (w *mirrorWriter) clear() error {
	for _, name := range rowBuckets() {
		if w.tx.Bucket(name) != nil {
			if err := w.tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		if _, err := w.tx.CreateBucket(name); err != nil {
			return err
		}
	}
	meta, err := w.tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	return meta.Put(formatKey, []byte(mirrorFormat))
}

// writeKeys adds what was remembered after the entry from as one row, and deletes the rows whose every key has been
// forgotten. A row may hold some keys too many, which are dropped when it is read.
func (w *mirrorWriter) writeKeys(memory []remembered, from uint64) error {
	if len(memory) == 0 {
		return nil
	}
	start := len(memory)
	for start > 0 && memory[start-1].Index > from {
		start--
	}
	if fresh := memory[start:]; len(fresh) > 0 {
		c := chunk{first: fresh[0].Index, last: fresh[len(fresh)-1].Index}
		if err := w.put(keysBucket, indexKey(c.first), fresh); err != nil {
			return err
		}
		w.chunks = append(w.chunks, c)
	}
	for w.chunks[0].last < memory[0].Index {
		if err := w.remove(keysBucket, indexKey(w.chunks[0].first)); err != nil {
			return err
		}
		w.chunks = w.chunks[1:]
	}
	return nil
}

func (w *mirrorWriter) putOrDelete(bucket []byte, key string, value any, exists bool) error {
	if !exists {
		return w.remove(bucket, []byte(key))
	}
	return w.put(bucket, []byte(key), value)
}

func (w *mirrorWriter) put(bucket, key []byte, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode row of %s: %w", bucket, err)
	}
	b := w.tx.Bucket(bucket)
	if old := b.Get(key); old != nil {
		if bytes.Equal(old, raw) {
			return nil
		}
		w.sum.subtract(digestRow(bucket, key, old))
	}
	w.sum.add(digestRow(bucket, key, raw))
	return b.Put(key, raw)
}

func (w *mirrorWriter) remove(bucket, key []byte) error {
	b := w.tx.Bucket(bucket)
	old := b.Get(key)
	if old == nil {
		return nil
	}
	w.sum.subtract(digestRow(bucket, key, old))
	return b.Delete(key)
}

// putHead writes the head row: its own checksum, then its JSON.
func (w *mirrorWriter) putHead(h head) error {
	raw, err := json.Marshal(mirrorHead{head: h, Sum: w.sum})
	if err != nil {
		return fmt.Errorf("encode head: %w", err)
	}
	own := sha256.Sum256(raw)
	return w.tx.Bucket(metaBucket).Put(headKey, append(own[:], raw...))
}

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }
