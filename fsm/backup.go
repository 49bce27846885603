package fsm

import "io"

// WriteState writes v in the form of a snapshot, with its checksum at the end.
func WriteState(w io.Writer, v *View) error { return writeSnapshot(w, v) }

// ReadState reads what WriteState wrote, verified as a whole. Its errors wrap ErrSnapshotDamaged, ErrSnapshotForeign
// and ErrFeatureLevel. Nothing of a running state machine is touched.
func ReadState(r io.Reader) (*View, error) { return readSnapshot(r) }
