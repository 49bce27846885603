package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// The bounds of a server. There is none for a whole request: bodies and answers have bounds of their own, see body.go
// and exchange.go, and a stream may last for ever.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	maxStreams        = 250
	// An HTTP/2 connection that has been silent for pingAfter is asked for a sign of life.
	pingAfter   = 30 * time.Second
	pingTimeout = 15 * time.Second
	// stallTimeout ends an HTTP/2 connection whose peer takes no bytes at all.
	stallTimeout = 2 * time.Minute
)

// Server serves HTTP/1.1, and HTTP/2 on connections that negotiated it, on one or several listeners.
type Server struct {
	http   *http.Server
	logger *slog.Logger
}

// NewServer returns a server for h. A nil logger discards the server's complaints.
func NewServer(h http.Handler, logger *slog.Logger) *Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &Server{
		logger: logger,
		http: &http.Server{
			Handler:           h,
			Protocols:         protocols,
			ReadHeaderTimeout: readHeaderTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			// Else net/http itself would answer OPTIONS *, with a 200 and without a key.
			DisableGeneralOptionsHandler: true,
			HTTP2: &http.HTTP2Config{
				MaxConcurrentStreams: maxStreams,
				SendPingTimeout:      pingAfter,
				PingTimeout:          pingTimeout,
				WriteByteTimeout:     stallTimeout,
			},
			ErrorLog: slog.NewLogLogger(complaints{logger.Handler()}, slog.LevelWarn),
		},
	}
}

// Serve accepts connections from ln until Drain, and then returns nil. Connections may be *tls.Conn already. It may
// be called for several listeners, each from a goroutine of its own.
func (s *Server) Serve(ln net.Listener) error {
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	return nil
}

// Drain closes the listeners and idle connections and waits for the requests in flight. When ctx ends first, their
// connections are closed, which cancels them, and the error says so. The caller has set the gateway to not ready.
func (s *Server) Drain(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err == nil {
		return nil
	}
	if closing := s.http.Close(); closing != nil {
		err = errors.Join(err, closing)
	}
	return fmt.Errorf("drain requests: %w", err)
}

// Operations returns a handler for a listener of its own that serves what monitoring needs and nothing else:
// /metrics, /healthz and /readyz.
func (g *Gateway) Operations() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics", "/healthz", "/readyz":
			g.ServeHTTP(w, r)
		default:
			g.router.NotFoundHandler.ServeHTTP(w, r)
		}
	})
}

// complaints gives net/http's free text the form of our log: a constant message and the text beside it.
type complaints struct{ slog.Handler }

// Handle implements slog.Handler.
func (c complaints) Handle(ctx context.Context, r slog.Record) error {
	level := r.Level
	if strings.Contains(r.Message, "TLS handshake error") {
		// Port scanners and clients that hang up would fill the log.
		level = slog.LevelDebug
		if !c.Enabled(ctx, level) {
			return nil
		}
	}
	record := slog.NewRecord(r.Time, level, "http server complains", 0)
	record.AddAttrs(slog.String("detail", r.Message))
	return c.Handler.Handle(ctx, record)
}
