package upstream_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aiproxy/providers/upstream"
)

// piped dials in-memory connections to a server that always answers, and counts those that are open.
type piped struct{ dialled, open atomic.Int32 }

func (p *piped) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	p.dialled.Add(1)
	p.open.Add(1)
	go func() {
		defer p.open.Add(-1)
		defer far.Close()
		br := bufio.NewReader(far)
		for {
			if _, _, err := readRequest(br); err != nil {
				return
			}
			if _, err := io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
				return
			}
		}
	}()
	return near, nil
}

// hold makes n calls that overlap, so that n connections exist, and lets go of them.
func hold(t *testing.T, rt *upstream.Transport, host string, n int) {
	t.Helper()
	var bodies []io.ReadCloser
	for range n {
		req, _ := request(t.Context(), t, host, nil)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, resp.Body)
	}
	for _, b := range bodies {
		_, _ = io.ReadAll(b)
		b.Close()
	}
}

func TestIdleConnectionsExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p piped
		rt := upstream.NewTransport(upstream.Options{DialContext: p.dial, IdleTimeout: time.Minute})
		hold(t, rt, "a:80", 5)
		hold(t, rt, "b:80", 2)
		for range 6 { // One connection stays busy, the surplus does not.
			<-time.After(20 * time.Second)
			hold(t, rt, "a:80", 1)
		}
		synctest.Wait()
		if n := p.open.Load(); n != 1 {
			t.Errorf("%d connections are open, want the busy one", n)
		}
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if n := p.open.Load(); n != 0 {
			t.Errorf("%d connections outlived the idle time", n)
		}
		if n := p.dialled.Load(); n != 7 {
			t.Errorf("dialled %d times, want 7", n)
		}
	})
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p piped
		rt := upstream.NewTransport(upstream.Options{DialContext: p.dial, MaxIdlePerHost: 3})
		hold(t, rt, "a:80", 8)
		hold(t, rt, "b:80", 2)
		synctest.Wait()
		if n := p.open.Load(); n != 5 {
			t.Errorf("%d connections are open, want 3 and 2", n)
		}
		rt.CloseIdleConnections()
		synctest.Wait()
		if n := p.open.Load(); n != 0 {
			t.Errorf("%d connections are open after CloseIdleConnections", n)
		}
		hold(t, rt, "a:80", 1) // It stays usable.
		rt.CloseIdleConnections()
	})
}
