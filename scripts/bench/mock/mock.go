// Package mock owns the simulated upstream of the benchmark: an OpenAI-like server that answers chat completions with
// constant bytes, one read and one write per exchange, so that the servers in front of it are what is measured. It must not
// grow features; tests of behaviour use providers/simulator instead.
//
// One goroutine serves a connection. A Server may be used from several goroutines.
package mock

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"aiproxy/scripts/bench/workload"
)

// Config is what a server answers.
type Config struct {
	// Key is the API key that requests must carry as a bearer token; others are answered 401.
	Key string
	// Events is the number of events of a stream, [DONE] apart.
	Events int
	// Delay is the time between two events of a stream. The first event is sent at once.
	Delay time.Duration
}

// Server is the simulated upstream.
type Server struct {
	authorization string
	delay         time.Duration
	answer        []byte
	events        [][]byte

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	served sync.WaitGroup
}

// New renders the answers of cfg.
func New(cfg Config) *Server {
	return &Server{
		authorization: "Bearer " + cfg.Key,
		delay:         cfg.Delay,
		answer:        renderAnswer("200 OK", workload.Answer()),
		events:        renderEvents(cfg.Events),
		conns:         make(map[net.Conn]struct{}),
	}
}

// Serve answers the connections of ln until ln is closed, then closes them and waits for their goroutines.
func (s *Server) Serve(ln net.Listener) error {
	defer s.closeAll()
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept connection: %w", err)
		}
		if !s.add(conn) {
			conn.Close()
			return nil
		}
		s.served.Go(func() {
			defer s.remove(conn)
			s.serve(conn)
		})
	}
}

func (s *Server) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) remove(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *Server) closeAll() {
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.served.Wait()
}
