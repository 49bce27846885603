// Package adminclient is the client of a node's management API that the commands share.
//
// It owns how a command finds its node (flags, environment, configuration file), how it proves itself, and how an
// answer that is an error reads to an operator. It must not know what an endpoint means, repeat a write of its own
// accord, or show an API key.
//
// Concurrency: a Client is not changed once New has returned it, so any number of goroutines may use it.
package adminclient
