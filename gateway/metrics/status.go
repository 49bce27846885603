package metrics

import (
	"net/http"
	"strconv"
)

// other stands for every label value that has no series of its own.
const other = "other"

// The statuses in use that net/http has no name for.
const (
	// StatusClientLeft counts a request whose client went away before it was answered.
	StatusClientLeft = 499
	// statusOverloaded is sent by some providers in place of 503.
	statusOverloaded = 529
)

// statuses maps HTTP statuses to a small number of slots, so that a handle's counters are an array. Slot 0 is for
// the statuses that nobody has heard of.
type statuses struct {
	slot  [600]uint8
	label []string
}

func newStatuses() statuses {
	s := statuses{label: []string{other}}
	add := func(code int, label string) {
		s.slot[code] = uint8(len(s.label))
		s.label = append(s.label, label)
	}
	for code := 100; code < len(s.slot); code++ {
		if http.StatusText(code) != "" || code == StatusClientLeft || code == statusOverloaded {
			add(code, strconv.Itoa(code))
		}
	}
	return s
}

func (s *statuses) slotOf(status int) uint8 {
	if status < 0 || status >= len(s.slot) {
		return 0
	}
	return s.slot[status]
}

func (s *statuses) labelOf(status int) string { return s.label[s.slotOf(status)] }
