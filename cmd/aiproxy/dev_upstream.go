package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"aiproxy/providers/simulator"
)

// devInstances are the names of the two simulated instances.
func devInstances() []string { return []string{"sim-a", "sim-b"} }

// devUpstream is the simulated upstream of a development cluster: one server, a path for each instance.
type devUpstream struct {
	address string
	server  *http.Server
}

// devChunkDelay makes streams visible to the eye.
const devChunkDelay = 40 * time.Millisecond

func startDevUpstream(ctx context.Context, space *devSpace) (*devUpstream, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", space.upstream)
	if err != nil {
		return nil, fmt.Errorf("the simulated upstream needs %s, which the cluster in --data-dir was made with: "+
			"stop what uses it, or use another --data-dir: %w", space.upstream, err)
	}
	space.upstream = listener.Addr().String()
	if err := space.keep(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, name := range devInstances() {
		sim := simulator.New(simulator.Options{Name: name, ChunkDelay: devChunkDelay})
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, sim))
	}
	u := &devUpstream{address: space.upstream, server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		// It ends with close, and an upstream that is gone shows in every answer.
		_ = u.server.Serve(listener)
	}()
	return u, nil
}

func (u *devUpstream) close() { _ = u.server.Close() }

func (u *devUpstream) baseURL(instance string) string {
	return "http://" + u.address + "/" + instance + "/v1"
}
