//go:build !linux

// Command cluster measures what a cluster of aiproxy does when nodes fail. It needs Linux, because it reads memory from /proc.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench-cluster: needs Linux, because it reads memory from /proc and ends its children with itself")
	os.Exit(2)
}
