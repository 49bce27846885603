// Package balance decides which of a request's candidates is tried next.
//
// It owns the algorithms and their running state, which is local to a node and never replicated. It must not know
// what a candidate is beyond its name, weight and priority, look at a request's content, read a clock or do I/O.
//
// A Set is built once for a set of candidates and then picked from by any number of goroutines: what an algorithm
// has to work out is laid out in New, so that a pick takes no lock and allocates nothing. To add an algorithm, write
// a Picker and name it in algorithm.go.
package balance
