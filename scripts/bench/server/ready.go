//go:build linux

package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"aiproxy/scripts/bench/proc"
)

const (
	// startLimit bounds the time from a process's start until it is ready.
	startLimit = 30 * time.Second
	// probeInterval is the pause between two looks.
	probeInterval = 10 * time.Millisecond
)

// A probe tells why a server is not ready yet.
type probe func(ctx context.Context, addr string) error

// await probes the server until it is ready, its process ends or the limit passes.
func await(ctx context.Context, p *proc.Process, addr string, ready probe) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	pause := time.NewTicker(probeInterval)
	defer pause.Stop()
	for {
		err := ready(ctx, addr)
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("not ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w: %w", context.Cause(ctx), err)
		case <-pause.C:
		}
	}
}

// connects is the probe of servers that are ready once they listen.
func connects(ctx context.Context, addr string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// saysReady is the probe of aiproxy: GET /readyz answers 200.
func saysReady(ctx context.Context, addr string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("read answer of /readyz: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz answers %s: %s", response.Status, body)
	}
	return nil
}

// freeAddress returns an address of the loopback that nobody listens on now.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	return ln.Addr().String(), ln.Close()
}
