package peer

// Serving reports whether ServeCalls has begun, which other nodes see as readiness.
func (t *Transport) Serving() bool { return t.serving.Load() }
