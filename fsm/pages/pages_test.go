package pages_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"aiproxy/fsm/pages"
)

const (
	key   = "the key of a row"
	value = "its value"
)

// database writes a database with a bucket so small that it lies in its parent's page, and one that does not.
func database(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		small, err := tx.CreateBucket([]byte("small"))
		if err != nil {
			return err
		}
		if err := small.Put([]byte(key), []byte(value)); err != nil {
			return err
		}
		large, err := tx.CreateBucket([]byte("large"))
		if err != nil {
			return err
		}
		for i := range 1000 {
			if err := large.Put(binary.BigEndian.AppendUint32(nil, uint32(i)), bytes.Repeat([]byte("x"), 100)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWholeFile(t *testing.T) {
	t.Parallel()
	if err := pages.Verify(bytes.NewReader(database(t))); err != nil {
		t.Error(err)
	}
}

// TestValueThatEndsElsewhere makes a value in a bucket within a page longer than the bucket. bbolt would hand out what lies
// behind it, which may be the program's memory.
func TestValueThatEndsElsewhere(t *testing.T) {
	t.Parallel()
	const header, sizeOfValue = 16, 12
	tests := []struct {
		name  string
		size  uint32
		fault string
	}{
		{"within the page", uint32(len(value)) + 1, "a value ends beyond it"},
		{"beyond the page", 1 << 20, "a value ends beyond it"},
		{"beyond the file", 1 << 31, "a value ends beyond it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := database(t)
			at := bytes.Index(raw, []byte(key+value))
			if at < 0 || bytes.Count(raw, []byte(key+value)) != 1 {
				t.Fatal("the row is not in the file, once")
			}
			binary.NativeEndian.PutUint32(raw[at-header+sizeOfValue:], tt.size)
			if err := pages.Verify(bytes.NewReader(raw)); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

func TestCutFile(t *testing.T) {
	t.Parallel()
	raw := database(t)
	for _, size := range []int{0, 1, os.Getpagesize(), len(raw) / 2} {
		if err := pages.Verify(bytes.NewReader(raw[:size])); err == nil {
			t.Errorf("the first %d bytes of %d pass", size, len(raw))
		}
	}
}
