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
	// Those of feature level 2.
	clientKeysBucket = []byte("client_keys")
	auditBucket      = []byte("audit")
	historyBucket    = []byte("history")

	formatKey = []byte("format")
	headKey   = []byte("head")
	// historyHeadKey has the head of the buckets of feature level 2. The first release must find the head and the buckets
	// that it knows as it left them, so that it refuses the file for its level, and not as a damaged one.
	historyHeadKey = []byte("head2")
)

func firstBuckets() [][]byte {
	return [][]byte{settingsBucket, instancesBucket, membersBucket, keysBucket}
}

func historyBuckets() [][]byte { return [][]byte{clientKeysBucket, auditBucket, historyBucket} }

// mirror is the state in a bbolt file, as of its last transaction. Its only reader is the next start of the process.
type mirror struct {
	db *bolt.DB
	// path and options are what it was opened with.
	path    string
	options Options
	// index is the last entry that the file includes.
	index uint64
	mirrorRecords
}

// mirrorRecords is what is known of the rows in the file.
type mirrorRecords struct {
	// sum is the checksum over the rows of feature level 1, historySum that over the rows of level 2.
	sum, historySum rowSum
	// keys, audit and history are the rows of these buckets, oldest first.
	keys, audit, history []chunk
}

// chunk is a row that holds what the entries first to last of a batch brought.
type chunk struct{ first, last uint64 }

// mirrorHead is the head row: the state's head and the checksum of all other rows.
type mirrorHead struct {
	head
	Sum rowSum `json:"sum"`
}

// historyHead is the head row of the buckets of feature level 2. Its index is the head's.
type historyHead struct {
	Index uint64 `json:"index"`
	Sum   rowSum `json:"sum"`
}

// commit writes the rows that d changed, and its index, in one transaction.
func (m *mirror) commit(d *draft) error {
	w := mirrorWriter{mirrorRecords: m.mirrorRecords}
	err := m.db.Update(func(tx *bolt.Tx) error {
		w.tx = tx
		return w.writeChanges(d, m.index)
	})
	if err != nil {
		return fmt.Errorf("write mirror up to index %d: %w", d.next.Index, err)
	}
	m.index, m.mirrorRecords = d.next.Index, w.mirrorRecords
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
	m.index, m.mirrorRecords = v.Index, w.mirrorRecords
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
	tx *bolt.Tx
	mirrorRecords
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
	for _, name := range d.changedClientKeys() {
		k, ok := d.next.ClientKey(name)
		if err := w.putOrDelete(clientKeysBucket, name, k, ok); err != nil {
			return err
		}
	}
	return w.writeTail(d.next, from)
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
	for i := range v.ClientKeys {
		if err := w.put(clientKeysBucket, []byte(v.ClientKeys[i].Name), v.ClientKeys[i]); err != nil {
			return err
		}
	}
	return w.writeTail(v, 0)
}

// writeTail writes what entries after from added to the lists, and the head.
func (w *mirrorWriter) writeTail(v *View, from uint64) error {
	var errs [3]error
	w.keys, errs[0] = writeList(w, keysBucket, w.keys, v.memory, from, func(r remembered) uint64 { return r.Index })
	w.audit, errs[1] = writeList(w, auditBucket, w.audit, v.audit, from, func(c Change) uint64 { return c.Index })
	w.history, errs[2] = writeList(w, historyBucket, w.history, v.history, from, func(k *kept) uint64 { return k.Change.Index })
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	return w.putHead(headOf(v))
}

// clear leaves empty buckets of the current format.
func (w *mirrorWriter) clear() error {
	for _, name := range append(firstBuckets(), historyBuckets()...) {
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

// writeList adds what came to the end of a list after the entry from as one row, and deletes the rows of which nothing is
// in the list any more. A row may hold some things too many, which are dropped when it is read. It returns the rows
// that there are.
func writeList[T any](w *mirrorWriter, bucket []byte, rows []chunk, list []T, from uint64, index func(T) uint64) ([]chunk, error) {
	if len(list) == 0 {
		return rows, nil
	}
	start := len(list)
	for start > 0 && index(list[start-1]) > from {
		start--
	}
	if fresh := list[start:]; len(fresh) > 0 {
		c := chunk{first: index(fresh[0]), last: index(fresh[len(fresh)-1])}
		if err := w.put(bucket, indexKey(c.first), fresh); err != nil {
			return nil, err
		}
		rows = append(rows, c)
	}
	for rows[0].last < index(list[0]) {
		if err := w.remove(bucket, indexKey(rows[0].first)); err != nil {
			return nil, err
		}
		rows = rows[1:]
	}
	return rows, nil
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
	b, sum := w.tx.Bucket(bucket), w.sumOf(bucket)
	if old := b.Get(key); old != nil {
		if bytes.Equal(old, raw) {
			return nil
		}
		sum.subtract(digestRow(bucket, key, old))
	}
	sum.add(digestRow(bucket, key, raw))
	return b.Put(key, raw)
}

func (w *mirrorWriter) remove(bucket, key []byte) error {
	b := w.tx.Bucket(bucket)
	old := b.Get(key)
	if old == nil {
		return nil
	}
	w.sumOf(bucket).subtract(digestRow(bucket, key, old))
	return b.Delete(key)
}

func (r *mirrorRecords) sumOf(bucket []byte) *rowSum {
	for _, name := range historyBuckets() {
		if bytes.Equal(name, bucket) {
			return &r.historySum
		}
	}
	return &r.sum
}

// putHead writes the head row, and that of the buckets of feature level 2 in a state that has the level.
func (w *mirrorWriter) putHead(h head) error {
	meta := w.tx.Bucket(metaBucket)
	if h.FeatureLevel < historyLevel {
		if err := meta.Delete(historyHeadKey); err != nil {
			return err
		}
	} else if err := putSummed(meta, historyHeadKey, historyHead{Index: h.Index, Sum: w.historySum}); err != nil {
		return err
	}
	return putSummed(meta, headKey, mirrorHead{head: h, Sum: w.sum})
}

// putSummed writes a row that carries its own checksum before its JSON.
func putSummed(meta *bolt.Bucket, key []byte, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	own := sha256.Sum256(raw)
	return meta.Put(key, append(own[:], raw...))
}

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }
