// Package config turns flags, environment and file into one validated Config.
//
// It owns the table of options, from which the flags, the names in the environment, the keys of the file, the
// documentation and the printed configuration all follow, and the order of precedence: flag, environment, file,
// default. Faults are collected and reported together, each with its place and what to do about it.
//
// It must not start anything, open a port or change a file, and it never shows a secret: secrets are of the masked
// type Secret, and messages about them leave the value out.
//
// Concurrency: nothing here starts a goroutine. A Config is not changed once Load has returned it, so any number
// of goroutines may read it.
package config

//go:generate go test -run ^TestDocuments$ . -update
