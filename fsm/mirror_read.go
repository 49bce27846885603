package fsm

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// readRows reads all rows and assembles the View, once their checksums are those of the heads.
func readRows(tx *bolt.Tx, h mirrorHead) (*View, error) {
	if err := verifySum(tx, firstBuckets(), h.Sum); err != nil {
		return nil, err
	}
	var a assembly
	if err := a.add(row{Head: &h.head}); err != nil {
		return nil, err
	}
	tables := []mirrorTable{
		{settingsBucket, into(func(s Settings) error { return a.add(row{Settings: &s}) })},
		{instancesBucket, into(func(in Instance) error { return a.add(row{Instance: &in}) })},
		{membersBucket, into(func(m Member) error { return a.add(row{Member: &m}) })},
		{keysBucket, into(a.addKeys)},
	}
	if h.FeatureLevel >= historyLevel {
		if err := verifyHistory(tx, h.Index); err != nil {
			return nil, err
		}
		tables = append(tables,
			mirrorTable{clientKeysBucket, into(func(k ClientKey) error { return a.add(row{ClientKey: &k}) })},
			mirrorTable{auditBucket, into(a.addChanges)},
			mirrorTable{historyBucket, into(a.addRevisions)})
	}
	for _, t := range tables {
		if err := t.read(tx); err != nil {
			return nil, err
		}
	}
	return a.done()
}

// mirrorTable is a bucket and what is done with each of its rows.
type mirrorTable struct {
	bucket []byte
	add    func(raw []byte) error
}

func (t mirrorTable) read(tx *bolt.Tx) error {
	return tx.Bucket(t.bucket).ForEach(func(key, raw []byte) error {
		if err := t.add(raw); err != nil {
			return fmt.Errorf("row %q of %s: %w", shorten(string(key)), t.bucket, err)
		}
		return nil
	})
}

// verifyHistory compares the buckets of feature level 2 with their own head, and that with the head.
func verifyHistory(tx *bolt.Tx, index uint64) error {
	var own historyHead
	if err := readSummed("head of the history", tx.Bucket(metaBucket).Get(historyHeadKey), &own); err != nil {
		return err
	}
	if own.Index != index {
		return fmt.Errorf("its history is of index %d and its head of %d", own.Index, index)
	}
	return verifySum(tx, historyBuckets(), own.Sum)
}

func (a *assembly) addKeys(batch []remembered) error {
	for i := range batch {
		if err := a.add(row{Key: &batch[i]}); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembly) addChanges(batch []Change) error {
	for i := range batch {
		if err := a.add(row{Change: &batch[i]}); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembly) addRevisions(batch []*kept) error {
	for _, k := range batch {
		if err := a.add(row{Revision: k}); err != nil {
			return err
		}
	}
	return nil
}

// verifySum compares the checksum over the rows of some buckets with the recorded one.
func verifySum(tx *bolt.Tx, buckets [][]byte, want rowSum) error {
	var sum rowSum
	for _, name := range buckets {
		b := tx.Bucket(name)
		if b == nil {
			return fmt.Errorf("the bucket %s is missing", name)
		}
		err := b.ForEach(func(key, value []byte) error {
			sum.add(digestRow(name, key, value))
			return nil
		})
		if err != nil {
			return fmt.Errorf("read rows of %s: %w", name, err)
		}
	}
	if sum != want {
		return errors.New("the checksum of its rows does not match")
	}
	return nil
}

// into decodes a row's value before it uses it.
func into[T any](use func(T) error) func([]byte) error {
	return func(raw []byte) error {
		var value T
		if err := decodeStrict(raw, &value); err != nil {
			return err
		}
		return use(value)
	}
}
