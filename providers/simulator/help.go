package simulator

import _ "embed" // the list of scripts

//go:embed scripts.txt
var scriptList string

// Scripts is the list of scripts for people: a line for each, with what it does.
func Scripts() string { return scriptList }
