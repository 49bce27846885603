package store

import (
	"context"
	"time"
)

// mirrorPause is the wait before a state mirror that could not be written is written anew.
const mirrorPause = 2 * time.Second

// tendMirror takes a state mirror up again that was left behind. The mirror only spares the next start a replay, so a
// node whose disk is full goes on without one.
func (s *Store) tendMirror(ctx context.Context) {
	for pause(ctx, mirrorPause) {
		// Why it failed stays to be read in Status.
		_ = s.disk.machine.RepairMirror()
	}
}

// mirrorFault says what is wrong with the state mirror and what to do, without a path, or nothing.
func (d *disk) mirrorFault() string {
	err := d.machine.MirrorFault()
	if err == nil {
		return ""
	}
	return "the state mirror is behind, a restart replays the log instead: " + explainWrite(err).advice
}
