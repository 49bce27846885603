package fsm

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// readRows reads all rows and assembles the View, once their checksum is that of the head.
func readRows(tx *bolt.Tx, h mirrorHead) (*View, error) {
	if err := verifySum(tx, h.Sum); err != nil {
		return nil, err
	}
	var a assembly
	if err := a.add(row{Head: &h.head}); err != nil {
		return nil, err
	}
	for _, table := range []struct {
		bucket []byte
		add    func(raw []byte) error
	}{
		{settingsBucket, into(func(s Settings) error { return a.add(row{Settings: &s}) })},
		{instancesBucket, into(func(in Instance) error { return a.add(row{Instance: &in}) })},
		{membersBucket, into(func(m Member) error { return a.add(row{Member: &m}) })},
		{keysBucket, into(a.addKeys)},
	} {
		err := tx.Bucket(table.bucket).ForEach(func(key, raw []byte) error {
			if err := table.add(raw); err != nil {
				return fmt.Errorf("row %q of %s: %w", shorten(string(key)), table.bucket, err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return a.done()
}

func (a *assembly) addKeys(batch []remembered) error {
	for i := range batch {
		if err := a.add(row{Key: &batch[i]}); err != nil {
			return err
		}
	}
	return nil
}

// verifySum compares the checksum over all rows with the recorded one.
func verifySum(tx *bolt.Tx, want rowSum) error {
	var sum rowSum
	for _, name := range rowBuckets() {
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
