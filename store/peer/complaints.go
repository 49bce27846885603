package peer

import (
	"net"
	"sync"
	"time"
)

const (
	// maxCauses bounds the causes that are told apart; all others count as one.
	maxCauses = 256
	// retellAfter is how long a cause stays untold after it was told.
	retellAfter = time.Hour
)

// complaints decides which refusals are worth a line in the log: the first of each cause, and once an hour how many
// there have been since. A misconfigured node that tries every second must not bury everything else.
type complaints struct {
	now func() time.Time

	mu     sync.Mutex
	causes map[cause]*tally
}

// cause is what makes two refusals the same: what was wrong, and the host that did it.
type cause struct{ what, host string }

type tally struct {
	told     time.Time
	repeated int
}

func newComplaints(now func() time.Time) *complaints {
	return &complaints{now: now, causes: make(map[cause]*tally)}
}

// worthTelling counts one refusal of conn and reports whether to log it, and how many went untold before.
func (c *complaints) worthTelling(what string, conn net.Conn) (repeated int, ok bool) {
	key := cause{what: what, host: host(conn)}
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.causes[key]
	if t == nil && len(c.causes) >= maxCauses {
		key = cause{}
		t = c.causes[key]
	}
	if t == nil {
		c.causes[key] = &tally{told: now}
		return 0, true
	}
	if now.Sub(t.told) < retellAfter {
		t.repeated++
		return 0, false
	}
	repeated = t.repeated
	t.told, t.repeated = now, 0
	return repeated, true
}

// host is the address at the other end without the port, which differs from one connection to the next.
func host(conn net.Conn) string {
	remote := conn.RemoteAddr()
	if remote == nil {
		return ""
	}
	h, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		return remote.String()
	}
	return h
}
