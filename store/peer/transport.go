package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Transport is a node's end of everything between peers, and the door through which clients come in.
type Transport struct {
	cfg        Config
	log        *slog.Logger
	complaints *complaints
	waiting    *waiting

	doorTLS   *tls.Config // decides by the client's hello
	peerTLS   *tls.Config // for peers that connect
	clientTLS *tls.Config // for clients that connect, nil on a plain listener
	dialTLS   *tls.Config // for dialling peers

	clients *queue
	calls   *queue
	serving atomic.Bool             // somebody serves calls
	streams atomic.Pointer[streams] // takes Raft's connections
	caller  *caller

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	bound     net.Addr
	conns     map[*conn]struct{}
}

// New makes a Transport. It starts nothing: Serve, ServeCalls and Raft do, in any order.
func New(cfg Config) (*Transport, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	creds, err := newCredentials(cfg.Secret, cfg.PreviousSecrets, cfg.Now)
	if err != nil {
		return nil, err
	}
	t := &Transport{
		cfg:        cfg,
		log:        cfg.Logger,
		complaints: newComplaints(cfg.Now),
		waiting:    newWaiting(cfg.MaxConns),
		peerTLS:    creds.serverConfig(),
		dialTLS:    creds.clientConfig(),
		listeners:  make(map[net.Listener]struct{}),
		conns:      make(map[*conn]struct{}),
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.doorTLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: t.configFor}
	if cfg.ClientTLS != nil {
		t.clientTLS = cfg.ClientTLS.Clone()
		if len(t.clientTLS.NextProtos) == 0 {
			t.clientTLS.NextProtos = []string{"h2", "http/1.1"}
		}
	}
	t.clients = newQueue(t.addr)
	t.calls = newQueue(t.addr)
	t.caller = newCaller(t)
	return t, nil
}

// Clients returns the listener of clients' connections, for an http.Server's Serve. On an HTTPS listener they are
// *tls.Conn with a finished handshake. Closing it turns new clients away while peers go on, which is how a node
// drains. A connection that has been accepted is its taker's: Close of the Transport leaves it alone.
func (t *Transport) Clients() net.Listener { return t.clients }

// Serve accepts connections from ln, which it owns from now on, until Close, which makes it return nil, or until ln
// is closed by somebody else, which is an error. Other errors of Accept, such as a lack of file descriptors, are
// logged and waited out. It may be called for several listeners.
func (t *Transport) Serve(ln net.Listener) error {
	if !t.enlist(ln) {
		_ = ln.Close()
		return ErrClosed
	}
	defer t.wg.Done()
	defer t.delist(ln)
	var pause time.Duration
	for {
		c, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
		case t.ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept connections on %s: %w", ln.Addr(), err)
		default:
			if pause == 0 {
				t.log.Error("cannot accept connections", "address", ln.Addr().String(), "error", err)
			}
			pause = t.rest(pause)
			continue
		}
		v := t.waiting.admit(c, t.ctx.Done())
		if v == nil {
			c.Close()
			return nil
		}
		t.wg.Go(func() { t.receive(v) })
	}
}

// rest waits a little longer than last time, as net/http does, and returns how long that was.
func (t *Transport) rest(last time.Duration) time.Duration {
	pause := min(max(2*last, 5*time.Millisecond), time.Second)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.ctx.Done():
	}
	return pause
}

// enlist makes ln one that Close will close, and Close wait for its Serve.
func (t *Transport) enlist(ln net.Listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wg.Add(1)
	t.listeners[ln] = struct{}{}
	t.bound = ln.Addr()
	return true
}

func (t *Transport) delist(ln net.Listener) {
	_ = ln.Close() // it may be closed already, by Close
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.listeners, ln)
}

// addr is the address of the last listener, or an empty one before Serve.
func (t *Transport) addr() net.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bound == nil {
		return address("")
	}
	return t.bound
}

// self is who this node is now.
func (t *Transport) self() Identity {
	id := t.cfg.Self()
	if id.Protocol == 0 {
		id.Protocol = Protocol
	}
	return id
}

// configFor chooses by ALPN whether a TLS connection is a peer's or a client's.
func (t *Transport) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if slices.Contains(hello.SupportedProtos, ALPN) {
		if c, ok := hello.Conn.(preface); ok {
			c.preface().peer = true
		}
		return t.peerTLS, nil
	}
	if t.clientTLS == nil {
		return nil, errPlainListener
	}
	if choose := t.clientTLS.GetConfigForClient; choose != nil {
		cfg, err := choose(hello)
		if cfg != nil || err != nil {
			return cfg, err
		}
	}
	return t.clientTLS, nil
}

// Close severs every connection between peers, closes the listeners and those connections of clients that nobody
// has taken, makes Serve and ServeCalls return, and waits for them and their goroutines. Handlers of peer calls see
// their contexts end; they are not waited for. Calling it again does nothing.
func (t *Transport) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		t.wg.Wait()
		return nil
	}
	t.closed = true
	t.cancel()
	for ln := range t.listeners {
		_ = ln.Close() // what there is to say Serve says
	}
	t.mu.Unlock()

	_ = t.clients.Close()
	_ = t.calls.Close()
	if s := t.streams.Load(); s != nil {
		_ = s.Close()
	}
	t.waiting.close()
	t.severWhere(func(*conn) bool { return true })
	t.caller.CloseIdleConnections()
	t.wg.Wait()
	return nil
}
