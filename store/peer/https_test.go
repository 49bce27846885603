package peer_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aiproxy/store/peer"
)

// certify returns a server's TLS configuration and the client's that trusts it.
func certify(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	example := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(example.Close)
	roots := x509.NewCertPool()
	roots.AddCert(example.Certificate())
	return &tls.Config{Certificates: example.TLS.Certificates}, &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

// TestHTTPS has clients of HTTP/1.1 and HTTP/2 and peers on one port.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	server, client := certify(t)
	overTLS := withConfig(func(c *peer.Config) { c.ClientTLS = server })
	a, b := startNode(t, "a"), startNode(t, "b", overTLS)

	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		pool := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: proto == "HTTP/2.0"}
		for range 3 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+b.addr+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := fetch(&http.Client{Transport: pool}, req); err != nil || got != "hello, client of "+proto {
				t.Errorf("%s: got %q, %v", proto, got, err)
			}
		}
		pool.CloseIdleConnections()
	}
	if got, err := a.call(t.Context(), b, "x"); err != nil || got != "hello a x" {
		t.Errorf("a peer got %q, %v", got, err)
	}
	if got, err := b.call(t.Context(), a, "x"); err != nil || got != "hello b x" {
		t.Errorf("a peer got %q, %v", got, err)
	}
	a.change(func(id *peer.Identity) { id.ClusterID = "c2" })
	if err := byProbe(t.Context(), a, b.addr); !refusedWith(peer.CodeCluster)(err) {
		t.Errorf("a foreign peer got %v", err)
	}
}

// TestHTTPSAsksTheClientsConfig leaves the choice of a certificate to the configuration for clients.
func TestHTTPSAsksTheClientsConfig(t *testing.T) {
	t.Parallel()
	server, client := certify(t)
	asked := make(chan string, 10)
	outer := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		asked <- hello.ServerName
		return server, nil
	}}
	a, b := startNode(t, "a"), startNode(t, "b", withConfig(func(c *peer.Config) { c.ClientTLS = outer }))
	if _, err := a.Probe(t.Context(), b.addr); err != nil {
		t.Fatal(err)
	}
	c, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if name := <-asked; name != "example.com" || len(asked) > 0 {
		t.Errorf("asked for %q and %d others", name, len(asked))
	}
}

// TestWrongScheme tells people who speak HTTP to HTTPS, or the other way round.
func TestWrongScheme(t *testing.T) {
	t.Parallel()
	server, client := certify(t)
	secure := startNode(t, "a", withConfig(func(c *peer.Config) { c.ClientTLS = server }))
	c := connect(t, secure.addr)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// The rest of the request is unread when the answer is sent, so the end may be a reset.
	answer := make([]byte, 256)
	n, err := c.Read(answer)
	if !strings.Contains(string(answer[:n]), "HTTP request to an HTTPS server") {
		t.Errorf("got %q, %v", answer[:n], err)
	}

	plain := startNode(t, "b")
	if _, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", plain.addr); err == nil {
		t.Error("a client speaks TLS to a plain port")
	}
	waitFor(t, "a line in the log", func() bool {
		return len(plain.logs.having("level=DEBUG", "a client speaks TLS to a port for plain HTTP")) == 1
	})
}
