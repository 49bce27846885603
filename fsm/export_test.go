package fsm

// BreakMirror closes the mirror's file behind the state machine's back, as a disk that goes away would.
func (f *FSM) BreakMirror() error { return f.mirror.db.Close() }
