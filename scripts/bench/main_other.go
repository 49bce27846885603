//go:build !linux

// Command bench measures what aiproxy costs. It reads processor times and memory from Linux's /proc and runs nowhere else.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: needs Linux, because it reads processor times and memory from /proc")
	os.Exit(2)
}
