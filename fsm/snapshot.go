package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"
)

const (
	// snapshotMagic is the first line of a snapshot up to its version.
	snapshotMagic = "aiproxy-fsm-snapshot "
	// snapshotVersion is the version of the format as a whole.
	snapshotVersion = "1\n"
	// trailerMark opens the last line, which ends in the SHA-256 of everything before it.
	trailerMark = "sha256 "
	// trailerSize is the length of the last line: mark, digest in hexadecimal, newline.
	trailerSize = len(trailerMark) + 2*sha256.Size + 1
	// maxSnapshot bounds what Restore reads into memory, in bytes.
	maxSnapshot = 1 << 30
)

// snapshot is a View on its way into a snapshot. It needs no release: the View is immutable.
type snapshot struct{ view *View }

// Snapshot captures the current state at no cost. A stopped state machine refuses: what it holds may lack entries
// that Raft counts as applied.
func (f *FSM) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.stopped(); err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	return &snapshot{view: f.View()}, nil
}

// Persist writes the snapshot and closes the sink, or cancels it. It may run while newer entries are applied.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	if err := writeSnapshot(sink, s.view); err != nil {
		return fmt.Errorf("write snapshot of index %d: %w", s.view.Index, errors.Join(err, sink.Cancel()))
	}
	if err := sink.Close(); err != nil {
		return fmt.Errorf("close snapshot of index %d: %w", s.view.Index, err)
	}
	return nil
}

// Release does nothing.
func (s *snapshot) Release() {}

func writeSnapshot(w io.Writer, v *View) error {
	out := bufio.NewWriterSize(w, 64<<10)
	sum := sha256.New()
	body := io.MultiWriter(out, sum)
	if _, err := io.WriteString(body, snapshotMagic+snapshotVersion); err != nil {
		return err
	}
	if err := writeRows(body, headOf(v), v); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s%x\n", trailerMark, sum.Sum(nil)); err != nil {
		return err
	}
	return out.Flush()
}

// Restore replaces the whole state, mirror and View, by the snapshot's. A mirror that can't be written is left behind. A snapshot that is damaged, foreign or too new
// (ErrSnapshotDamaged, ErrSnapshotForeign, ErrFeatureLevel) leaves both as they are. The caller closes the reader.
func (f *FSM) Restore(r io.ReadCloser) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.stopped(); err != nil {
		return fmt.Errorf("restore snapshot: %w", err)
	}
	view, err := readSnapshot(r)
	if err != nil {
		return fmt.Errorf("restore snapshot: %w", err)
	}
	f.mirrorWhole(view)
	f.memory = newMemory(view.memory)
	f.publish(view)
	f.log.Info("state restored from a snapshot", "index", view.Index, "revision", view.Revision)
	return nil
}

// readSnapshot verifies the bytes as a whole before it looks into any of them.
func readSnapshot(r io.Reader) (*View, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxSnapshot+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(raw) > maxSnapshot {
		return nil, fmt.Errorf("it exceeds %d bytes: %w", maxSnapshot, ErrSnapshotDamaged)
	}
	rows, err := snapshotRows(raw)
	if err != nil {
		return nil, err
	}
	var a assembly
	for n := 1; len(rows) > 0; n++ {
		line, rest, _ := bytes.Cut(rows, []byte("\n"))
		rows = rest
		var next row
		if err := decodeStrict(line, &next); err != nil {
			return nil, damagedSnapshot(fmt.Errorf("row %d: %w", n, err))
		}
		if err := a.add(next); err != nil {
			return nil, damagedSnapshot(fmt.Errorf("row %d: %w", n, err))
		}
	}
	view, err := a.done()
	if err != nil {
		return nil, damagedSnapshot(err)
	}
	return view, nil
}

// snapshotRows returns what stands between the first and the last line of an intact snapshot.
func snapshotRows(raw []byte) ([]byte, error) {
	version, ok := bytes.CutPrefix(raw, []byte(snapshotMagic))
	if !ok {
		return nil, fmt.Errorf("it does not begin with %q: %w", snapshotMagic, ErrSnapshotForeign)
	}
	rows, ok := bytes.CutPrefix(version, []byte(snapshotVersion))
	if !ok {
		return nil, fmt.Errorf("it is not of version %q: %w", snapshotVersion[:len(snapshotVersion)-1], ErrSnapshotForeign)
	}
	if len(rows) < trailerSize {
		return nil, fmt.Errorf("it ends too early: %w", ErrSnapshotDamaged)
	}
	rows, trailer := rows[:len(rows)-trailerSize], rows[len(rows)-trailerSize:]
	sum := sha256.Sum256(raw[:len(raw)-trailerSize])
	if string(trailer) != trailerMark+hex.EncodeToString(sum[:])+"\n" {
		return nil, fmt.Errorf("its checksum does not match: %w", ErrSnapshotDamaged)
	}
	return rows, nil
}

// damagedSnapshot marks err, except that a state which is merely too new is not damaged.
func damagedSnapshot(err error) error {
	if errors.Is(err, ErrFeatureLevel) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSnapshotDamaged, err)
}
