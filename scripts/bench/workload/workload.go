// Package workload owns what is asked and what must come back: the named workloads of the benchmark and the bodies that the
// load generator sends and the simulated upstream answers with. Both processes build them from the same code, so that every
// byte of an answer can be checked. Values are immutable and may be shared.
package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Workload is one kind of traffic.
type Workload struct {
	// Name selects the workload on the command line.
	Name string
	// Title describes it in reports.
	Title string
	// Connections is the number of keep-alive connections.
	Connections int
	// Rate, in requests per second, makes the load generator send at constant intervals, whatever the server does (open loop).
	// Zero means that each connection sends its next request when it has the answer (closed loop).
	Rate int
	// Tools makes the request a 32 KB one with tools; without them it has 1 KB.
	Tools bool
	// Stream asks for a stream of Events events instead of a 1 KB answer.
	Stream bool
	// Events is the number of events of a stream, [DONE] apart.
	Events int
	// Delay is the time between two events of a stream.
	Delay time.Duration
	// Share is the part of the configured run time that a run of this workload takes.
	Share float64
}

// All returns every workload in the order in which a full run measures them.
func All() []Workload {
	return []Workload{
		{
			Name: "chat", Title: "1 KB request, 1 KB answer, 64 connections, flat out",
			Connections: 64, Share: 1,
		},
		{
			Name: "tools", Title: "32 KB request with 20 KB of tools, 1 KB answer, 64 connections, flat out",
			Connections: 64, Tools: true, Share: 0.75,
		},
		{
			Name: "stream", Title: "streams of 100 events of 200 bytes without delay, 32 connections, flat out",
			Connections: 32, Stream: true, Events: 100, Share: 0.75,
		},
		{
			Name: "paced", Title: "200 streams at once, one event each 20 ms",
			Connections: 200, Stream: true, Events: 50, Delay: 20 * time.Millisecond, Share: 0.5,
		},
		{
			Name: "rate", Title: "1 KB request, 1 KB answer, constant 1,000 requests/s over 64 connections",
			Connections: 64, Rate: 1000, Share: 0.5,
		},
	}
}

// Select returns the workloads of a comma-separated list of names, in the order of All; an empty list selects all.
// Unknown names are an error that lists the known ones.
func Select(list string) ([]Workload, error) {
	all := All()
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	known := make([]string, len(all))
	for i, w := range all {
		known[i] = w.Name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown workload %q: known are %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(w Workload) bool { return !slices.Contains(names, w.Name) }), nil
}

// StreamTime is how long one stream lasts on its own; zero for workloads without delay.
func (w Workload) StreamTime() time.Duration {
	return time.Duration(w.Events) * w.Delay
}
