package fsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"
)

// A mirror that could not be written is left behind: its file stays as of its last transaction, which is a state that a
// start may begin from as from any other, and the state goes on in memory. It takes no further batch, because it lacks
// the rows of the one that failed, until RepairMirror has written it anew.

// MirrorFault is why the mirror is behind the state, or nil when it is not. It never blocks and is safe on any
// goroutine.
func (f *FSM) MirrorFault() error {
	if fault := f.mirrorFault.Load(); fault != nil {
		return *fault
	}
	return nil
}

// RepairMirror writes a mirror that was left behind anew, and returns why it could not. It does nothing where none was,
// or after Close. Entries wait while it writes, as they do while a batch is written.
func (f *FSM) RepairMirror() error {
	if f.MirrorFault() == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mirror == nil || f.stopped() != nil {
		return nil
	}
	if err := f.mirror.rewrite(f.View()); err != nil {
		f.mirrorFault.Store(&err)
		return err
	}
	f.mirrorFault.Store(nil)
	f.log.Info("state mirror is written again", "index", f.View().Index)
	return nil
}

// mirrorBatch brings a batch to the mirror, or leaves the mirror behind. The caller holds mu.
func (f *FSM) mirrorBatch(d *draft) {
	if f.MirrorFault() == nil {
		f.noteMirror(f.mirror.commit(d))
	}
}

// mirrorWhole makes v the mirror's content, or leaves the mirror behind. The caller holds mu.
func (f *FSM) mirrorWhole(v *View) {
	if f.MirrorFault() == nil {
		f.noteMirror(f.mirror.replace(v))
	}
}

func (f *FSM) noteMirror(err error) {
	if err == nil {
		return
	}
	f.mirrorFault.Store(&err)
	f.log.Warn("state mirror can't be written, the state goes on in memory and in the log", "error", err)
}

// rewrite puts v in a new file that takes the mirror's place. After a failed write the old file is trusted no more.
func (m *mirror) rewrite(v *View) error {
	fresh := m.path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("rewrite mirror: %w", err)
	}
	next, err := createMirror(fresh, m.options, v)
	if err != nil {
		return fmt.Errorf("rewrite mirror: %w", err)
	}
	if err := os.Rename(fresh, m.path); err != nil {
		return fmt.Errorf("rewrite mirror: %w", errors.Join(err, next.db.Close()))
	}
	old := m.db
	next.path, next.options = m.path, m.options
	*m = *next
	if err := old.Close(); err != nil {
		return fmt.Errorf("close the mirror that was left behind: %w", err)
	}
	return nil
}

// createMirror writes v to a new file, and brings it to the disk.
func createMirror(path string, o Options, v *View) (*mirror, error) {
	db, err := openBolt(path, boltOptions(o))
	if err != nil {
		return nil, err
	}
	m := &mirror{db: db}
	if err := errors.Join(m.replace(v), db.Sync()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return m, nil
}

// boltOptions are those of a mirror that is written.
func boltOptions(o Options) *bolt.Options {
	return &bolt.Options{Timeout: o.Timeout, NoSync: o.NoSync, NoGrowSync: o.NoSync, FreelistType: bolt.FreelistMapType}
}
