package store

import (
	"sync/atomic"
	"time"
)

// Durations says how long things took since the start, in the form of a Prometheus histogram.
type Durations struct {
	// Count is the number of things.
	Count uint64
	// Seconds is what they took together.
	Seconds float64
	// Buckets holds by upper bound in seconds how many took that long at most.
	Buckets map[float64]uint64
}

const durationBuckets = 14

// durationBounds are the upper bounds of the buckets. They reach from a fast disk's sync to what counts as hanging.
func durationBounds() [durationBuckets]float64 {
	return [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

// durations counts by atomics alone, because it sits on the way of every write. The zero value is ready for use.
type durations struct {
	// counts holds each thing once, in the first bucket that it fits; the last is for those that fit none.
	counts [durationBuckets + 1]atomic.Uint64
	nanos  atomic.Int64
}

func (d *durations) observe(took time.Duration) {
	seconds, bucket := took.Seconds(), 0
	for _, bound := range durationBounds() {
		if seconds <= bound {
			break
		}
		bucket++
	}
	d.counts[bucket].Add(1)
	d.nanos.Add(int64(took))
}

// snapshot sums up. What is observed meanwhile may be in the sum and not in the count.
func (d *durations) snapshot() Durations {
	s := Durations{Buckets: make(map[float64]uint64, durationBuckets)}
	for i, bound := range durationBounds() {
		s.Count += d.counts[i].Load()
		s.Buckets[bound] = s.Count
	}
	s.Count += d.counts[durationBuckets].Load()
	s.Seconds = time.Duration(d.nanos.Load()).Seconds()
	return s
}
