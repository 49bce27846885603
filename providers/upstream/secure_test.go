package upstream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"aiproxy/providers/upstream"
)

// newSecurePeer starts an https server and a transport that trusts it.
func newSecurePeer(t *testing.T, http2 bool, h http.HandlerFunc) (addr string, rt *upstream.Transport) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	rt = newTransport(t, upstream.Options{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	return s.Listener.Addr().String(), rt
}

func TestSecureExchange(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, rt := newSecurePeer(t, http2, func(w http.ResponseWriter, r *http.Request) {
				content, _ := io.ReadAll(r.Body)
				w.Header().Set("X-Length", r.Header.Get("Content-Length"))
				w.Header().Set("X-Encoding", r.Header.Get("Accept-Encoding"))
				_, _ = w.Write(content)
			})
			for range 2 {
				req, body := request(t.Context(), t, addr, []byte("question"))
				req.URL.Scheme = "https"
				resp, got, err := exchange(t, rt, req)
				if err != nil || got != "question" || resp.Proto != name {
					t.Fatalf("%q, %v, %v", got, resp, err)
				}
				if resp.Header.Get("X-Encoding") != "" {
					t.Error("asked for compression")
				}
				if resp.Request != req {
					t.Error("the answer names another request")
				}
				body.awaitClosed(t)
			}
		})
	}
}

func TestSecureCancellation(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		for phase, head := range map[upstream.Phase]bool{upstream.PhaseFirstByte: false, upstream.PhaseBody: true} {
			t.Run(name+" "+string(phase), func(t *testing.T) {
				t.Parallel()
				hungUp := make(chan struct{})
				ctx, cancel := context.WithCancelCause(t.Context())
				addr, rt := newSecurePeer(t, http2, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if head {
						_, _ = w.Write([]byte("hello"))
						_ = http.NewResponseController(w).Flush()
					}
					if !head {
						cancel(errWhy)
					}
					<-r.Context().Done()
					close(hungUp)
					panic(http.ErrAbortHandler) // An answer in good order could still arrive, and be a later phase.
				})
				req, body := request(ctx, t, addr, []byte("question"))
				req.URL.Scheme = "https"
				resp, err := rt.RoundTrip(req)
				if head {
					if err != nil {
						t.Fatal(err)
					}
					cancel(errWhy)
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}
				wanted := phase
				if e, ok := errors.AsType[*upstream.Error](err); ok && !head && e.Phase == upstream.PhaseSend {
					wanted = upstream.PhaseSend // The upstream had the request before this end took note that it was out.
				}
				assertCancelled(t, err, wanted, time.Now())
				assertHungUp(t, hungUp)
				body.awaitClosed(t)
			})
		}
	}
}

// An upstream that hears of the cancellation may end its answer in good order; that must not pass for the whole answer.
func TestSecureEndAfterCancellationIsNotBelieved(t *testing.T) {
	t.Parallel()
	addr, rt := newSecurePeer(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		_, _ = w.Write([]byte("hello"))
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	req, _ := request(ctx, t, addr, []byte("question"))
	req.URL.Scheme = "https"
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	cancel(errWhy)
	for range 2 {
		_, err = io.ReadAll(resp.Body)
		assertCancelled(t, err, upstream.PhaseBody, time.Now())
	}
}

func TestSecureFailures(t *testing.T) {
	t.Parallel()
	t.Run("unknown authority", func(t *testing.T) {
		t.Parallel()
		addr, _ := newSecurePeer(t, true, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
		req, body := request(t.Context(), t, addr, []byte("x"))
		req.URL.Scheme = "https"
		_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
		asError(t, err, upstream.PhaseDial)
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			t.Errorf("got %v", err)
		}
		body.awaitClosed(t)
	})
	t.Run("no TLS there", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t, func(_ int, c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\n"); drain(c) })
		req, body := request(t.Context(), t, p.addr, []byte("x"))
		req.URL.Scheme = "https"
		_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
		asError(t, err, upstream.PhaseDial)
		body.awaitClosed(t)
	})
	t.Run("cut in the body", func(t *testing.T) {
		t.Parallel()
		addr, rt := newSecurePeer(t, false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("hello"))
		})
		req, _ := request(t.Context(), t, addr, []byte("x"))
		req.URL.Scheme = "https"
		_, _, err := exchange(t, rt, req)
		asError(t, err, upstream.PhaseBody)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", err)
		}
	})
}
