package peer

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// from is a connection from an address.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

// TestComplaints tells each cause once an hour, and bounds the causes.
func TestComplaints(t *testing.T) {
	t.Parallel()
	c := &clock{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	seen := newComplaints(c.now)
	tell := func(what, addr string) (int, bool) { return seen.worthTelling(what, from{addr: address(addr)}) }
	steps := []struct {
		what, addr string
		later      time.Duration
		repeated   int
		told       bool
	}{
		{"secret", "10.0.0.1:1", 0, 0, true},
		{"secret", "10.0.0.1:2", 0, 0, false},
		{"secret", "10.0.0.2:1", 0, 0, true},
		{"cluster", "10.0.0.1:3", 0, 0, true},
		{"secret", "10.0.0.1:4", retellAfter - 1, 0, false},
		{"secret", "10.0.0.1:5", 1, 2, true},
		{"secret", "10.0.0.1:6", 0, 0, false},
		{"secret", "@", 0, 0, true},
	}
	for i, s := range steps {
		c.Time = c.Add(s.later)
		if repeated, told := tell(s.what, s.addr); repeated != s.repeated || told != s.told {
			t.Errorf("step %d: told %v after %d", i, told, repeated)
		}
	}
	told := 0
	for i := range 10 * maxCauses {
		if _, ok := tell("secret", fmt.Sprintf("10.1.%d.%d:1", i/256, i%256)); ok {
			told++
		}
	}
	if told > maxCauses || len(seen.causes) > maxCauses+1 {
		t.Errorf("told %d causes, kept %d", told, len(seen.causes))
	}
	if _, ok := seen.worthTelling("secret", from{}); ok {
		t.Error("told a cause beyond the bound")
	}
}
