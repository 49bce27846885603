// Package document is the whole dynamic configuration of a cluster as operators read and write it: the text that
// GET /config answers and PUT /config takes, in JSON and in YAML.
//
// It owns the document's form, its strict reading with all faults at once, the way between a document and the
// replicated configuration, and the difference of two configurations. It must not write to the store, know HTTP, or
// hold a secret in plaintext anywhere but in a document that an operator wrote.
//
// Concurrency: nothing here keeps state, so everything may be used by any number of goroutines.
package document
