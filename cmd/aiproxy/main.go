// Command aiproxy is the gateway: one static binary, alone or as one of a cluster.
package main

func main() {}
