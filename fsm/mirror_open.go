package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"aiproxy/fsm/pages"
)

// ReadMirrorIndex returns the index of the last entry that the mirror at path includes. ok is false when there is no
// mirror, which is no error. Errors wrap ErrMirrorDamaged, ErrMirrorForeign and ErrFeatureLevel. It verifies the
// whole file, does not change it, and needs its lock: a mirror that is open cannot be read.
func ReadMirrorIndex(path string) (index uint64, ok bool, err error) {
	content, err := inspect(path, defaultTimeout)
	if err != nil {
		return 0, false, fmt.Errorf("read mirror %s: %w", path, err)
	}
	if content == nil {
		return 0, false, nil
	}
	return content.view.Index, true, nil
}

// content is what a mirror holds.
type content struct {
	view *View
	// file and head are the file that was read and its head row. Equal heads mean equal contents.
	file fs.FileInfo
	head []byte
}

// openMirror verifies what the file holds and moves it to a new file that takes the old one's place. So neither
// bbolt's records of free pages nor anything else that the verification does not see outlives a start.
func openMirror(path string, o Options) (*mirror, *View, error) {
	found, err := inspect(path, o.Timeout)
	if err != nil {
		return nil, nil, err
	}
	// bbolt takes the lock while it opens a file, and makes one where there is none.
	old, err := openBolt(path, boltOptions(o))
	if err != nil {
		return nil, nil, err
	}
	if found == nil {
		m, view := &mirror{db: old, path: path, options: o}, &View{}
		if err := m.replace(view); err != nil {
			return nil, nil, errors.Join(err, old.Close())
		}
		return m, view, nil
	}
	m, err := moveMirror(old, path, found, o)
	if err != nil {
		return nil, nil, errors.Join(err, old.Close())
	}
	if err := old.Close(); err != nil {
		return nil, nil, errors.Join(err, m.close())
	}
	return m, found.view, nil
}

// moveMirror writes what was found to a new file and puts it in the place of the old one, whose lock is held.
func moveMirror(old *bolt.DB, path string, found *content, o Options) (*mirror, error) {
	if err := unchanged(old, path, found); err != nil {
		return nil, err
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	m, err := createMirror(fresh, o, found.view)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(fresh, path); err != nil {
		return nil, errors.Join(err, m.db.Close())
	}
	m.path, m.options = path, o
	return m, nil
}

// unchanged makes sure that, between the inspection and the lock, nobody wrote to the file or put another in its place.
func unchanged(db *bolt.DB, path string, found *content) error {
	now, err := os.Stat(path)
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if !os.SameFile(now, found.file) || meta == nil || !bytes.Equal(meta.Get(headKey), found.head) {
			return errors.New("another process changed it meanwhile")
		}
		return nil
	})
}

// inspect verifies and reads a mirror. It returns nil when the file is absent, empty, or a bbolt file in which
// nothing was ever stored: what a crash during the first start leaves behind.
func inspect(path string, timeout time.Duration) (*content, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	db, err := openBolt(path, &bolt.Options{Timeout: timeout, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	var found *content
	err = guard(func() error {
		return db.View(func(tx *bolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("it has %d bytes of %d: %w", info.Size(), tx.Size(), ErrMirrorDamaged)
			}
			if err := verifyPages(path); err != nil {
				return err
			}
			found, err = readContent(tx)
			if found != nil {
				found.file = info
			}
			return err
		})
	})
	return found, errors.Join(err, db.Close())
}

// verifyPages checks the pages of a file whose lock is held. Without it damage could lead bbolt, which copies some values out of
// the memory map, into the program's own memory, where no fault tells.
func verifyPages(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pages.Verify(file); err != nil {
		return fmt.Errorf("%w: %w", ErrMirrorDamaged, err)
	}
	return nil
}

// openBolt opens the file, and closes it also when bbolt panics over what it finds there.
func openBolt(path string, o *bolt.Options) (*bolt.DB, error) {
	var file *os.File
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	var db *bolt.DB
	err := guard(func() error {
		var err error
		db, err = bolt.Open(path, 0o600, o)
		return err
	})
	if err == nil {
		return db, nil
	}
	if file != nil {
		file.Close()
	}
	return nil, explain(path, err)
}

// explain tells a lock held by another process from a file that is not ours and one that is ours and broken.
func explain(path string, err error) error {
	var onDisk *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return errors.New("another process has it open")
	case errors.As(err, &onDisk), errors.Is(err, ErrMirrorDamaged):
		return err
	case errors.Is(err, bolterrors.ErrVersionMismatch), !hasMagic(path):
		return fmt.Errorf("%w: %w", ErrMirrorForeign, err)
	}
	return fmt.Errorf("%w: %w", ErrMirrorDamaged, err)
}

// hasMagic tells whether one of the two meta pages of a bbolt file begins as it should.
func hasMagic(path string) bool {
	const (
		pageHeader = 16
		magic      = 0xED0CDAED
	)
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	for _, at := range []int64{pageHeader, int64(os.Getpagesize()) + pageHeader} {
		var raw [4]byte
		if _, err := io.ReadFull(io.NewSectionReader(file, at, int64(len(raw))), raw[:]); err != nil {
			continue
		}
		if binary.NativeEndian.Uint32(raw[:]) == magic {
			return true
		}
	}
	return false
}

// guard runs fn, which reads a file through a memory map: damage can show as a panic or as a fault of the map.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it cannot be read: %v", ErrMirrorDamaged, p)
		}
	}()
	return fn()
}

// readContent reads what the transaction sees: format first, then the checksum over all rows, then the rows.
func readContent(tx *bolt.Tx) (*content, error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		if name, _ := tx.Cursor().First(); name == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("it has no meta bucket: %w", ErrMirrorForeign)
	}
	if format := meta.Get(formatKey); string(format) != mirrorFormat {
		return nil, fmt.Errorf("its format is %q, not %q: %w", shorten(string(format)), mirrorFormat, ErrMirrorForeign)
	}
	headRow := bytes.Clone(meta.Get(headKey))
	h, err := readHead(headRow)
	if err != nil {
		return nil, err
	}
	view, err := readRows(tx, h)
	if err != nil {
		if errors.Is(err, ErrFeatureLevel) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrMirrorDamaged, err)
	}
	return &content{view: view, head: headRow}, nil
}

func readHead(raw []byte) (mirrorHead, error) {
	var h mirrorHead
	if err := readSummed("head", raw, &h); err != nil {
		return h, fmt.Errorf("%w: %w", ErrMirrorDamaged, err)
	}
	return h, nil
}

// readSummed reads what putSummed writes.
func readSummed(what string, raw []byte, value any) error {
	if len(raw) < sha256.Size {
		return fmt.Errorf("it has no %s", what)
	}
	own, raw := raw[:sha256.Size], raw[sha256.Size:]
	if sum := sha256.Sum256(raw); !bytes.Equal(own, sum[:]) {
		return fmt.Errorf("the checksum of its %s does not match", what)
	}
	if err := decodeStrict(raw, value); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}
