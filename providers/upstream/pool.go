package upstream

import (
	"sync"
	"time"
)

// pool keeps idle connections by host, the last used on top, so that the surplus of a burst grows old at the bottom
// and is closed. No goroutine watches them: a timer runs while there are any.
type pool struct {
	perHost int
	timeout time.Duration

	mu    sync.Mutex
	idle  map[string][]*conn
	timer *time.Timer
}

func newPool(perHost int, timeout time.Duration) *pool {
	return &pool{perHost: perHost, timeout: timeout, idle: map[string][]*conn{}}
}

// get returns an idle connection that the upstream has not closed, or nil.
func (p *pool) get(host string) *conn {
	for {
		c := p.pop(host)
		if c == nil || c.live.alive() {
			return c
		}
		c.nc.Close()
	}
}

func (p *pool) pop(host string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	stack := p.idle[host]
	if len(stack) == 0 {
		return nil
	}
	top := len(stack) - 1
	c := stack[top]
	stack[top] = nil
	p.idle[host] = stack[:top]
	c.reused = true
	return c
}

// put takes a connection on which nothing is under way, or closes it when there are enough.
func (p *pool) put(c *conn) {
	if !p.push(c) {
		c.nc.Close()
	}
}

func (p *pool) push(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	stack := p.idle[c.host]
	if len(stack) >= p.perHost {
		return false
	}
	c.idleSince = time.Now()
	p.idle[c.host] = append(stack, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.timeout, p.sweep)
	}
	return true
}

// sweep closes what has been idle too long, forgets hosts without connections, and comes back while there are any.
func (p *pool) sweep() {
	now := time.Now()
	var old []*conn
	p.mu.Lock()
	for host, stack := range p.idle {
		n := 0
		for n < len(stack) && now.Sub(stack[n].idleSince) >= p.timeout {
			n++
		}
		old = append(old, stack[:n]...)
		if n == len(stack) {
			delete(p.idle, host)
		} else if n > 0 {
			p.idle[host] = append([]*conn(nil), stack[n:]...)
		}
	}
	p.timer = nil
	if len(p.idle) > 0 {
		p.timer = time.AfterFunc(p.timeout/4, p.sweep)
	}
	p.mu.Unlock()
	for _, c := range old {
		c.nc.Close()
	}
}

// clear closes all idle connections.
func (p *pool) clear() {
	p.mu.Lock()
	idle := p.idle
	p.idle = map[string][]*conn{}
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, stack := range idle {
		for _, c := range stack {
			c.nc.Close()
		}
	}
}
