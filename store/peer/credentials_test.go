package peer

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"
)

// clock is a time that a test sets.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func credentialsAt(t *testing.T, secret string, c *clock) *credentials {
	t.Helper()
	creds, err := newCredentials([]byte(secret), nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return creds
}

func mustCertificate(t *testing.T, c *credentials) *tls.Certificate {
	t.Helper()
	leaf, err := c.certificate()
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// TestAuthorityIsTheSecret has every holder of the secret build the same authority.
func TestAuthorityIsTheSecret(t *testing.T) {
	t.Parallel()
	c := &clock{time.Now()}
	one, two := credentialsAt(t, "s", c), credentialsAt(t, "s", &clock{time.Unix(0, 0)})
	if !one.authority.certificate.Equal(two.authority.certificate) {
		t.Error("two nodes with one secret have two authorities")
	}
	if one.authority.certificate.Equal(credentialsAt(t, "S", c).authority.certificate) {
		t.Error("two secrets have one authority")
	}
}

// TestCertificateRenewal follows a certificate through its life.
func TestCertificateRenewal(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &clock{start}
	creds := credentialsAt(t, "s", c)
	first := mustCertificate(t, creds)
	steps := []struct {
		name  string
		at    time.Time
		fresh bool
	}{
		{"just before its time", start.Add(leafUse - time.Second), false},
		{"at its time", start.Add(leafUse), true},
		{"after a month asleep", start.Add(30 * 24 * time.Hour), true},
		{"when the clock has gone back", start, true},
		{"again at once", start, false},
	}
	for _, s := range steps {
		c.Time = s.at
		leaf := mustCertificate(t, creds)
		if (leaf != first) != s.fresh {
			t.Errorf("%s: fresh is %v", s.name, leaf != first)
		}
		if left := leaf.Leaf.NotAfter.Sub(s.at); left < leafMargin {
			t.Errorf("%s: good for %s more", s.name, left)
		}
		first = leaf
	}
}

// TestClocksApart shakes hands between nodes whose clocks differ.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		off  time.Duration
		used time.Duration // how long ago the certificates were issued
		want bool
	}{
		{"equal", 0, 0, true},
		{"eleven hours ahead", 11 * time.Hour, 0, true},
		{"eleven hours behind", -11 * time.Hour, 0, true},
		{"eleven hours ahead, old certificates", 11 * time.Hour, leafUse - time.Second, true},
		{"eleven hours behind, old certificates", -11 * time.Hour, leafUse - time.Second, true},
		{"two days ahead", 48 * time.Hour, 0, false},
		{"two days behind", -48 * time.Hour, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			here, there := &clock{now}, &clock{now.Add(tt.off)}
			dialler, answerer := credentialsAt(t, "s", here), credentialsAt(t, "s", there)
			mustCertificate(t, dialler)
			mustCertificate(t, answerer)
			here.Time, there.Time = here.Add(tt.used), there.Add(tt.used)
			err := shake(t, dialler, answerer)
			if (err == nil) != tt.want {
				t.Errorf("got error %v", err)
			}
			if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); err != nil && (!ok || invalid.Reason != x509.Expired) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// shake goes through TLS and returns the dialler's error.
func shake(t *testing.T, dialler, answerer *credentials) error {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		defer far.Close()
		done <- tls.Server(far, answerer.serverConfig()).HandshakeContext(t.Context())
	}()
	err := tls.Client(near, dialler.clientConfig()).HandshakeContext(t.Context())
	_ = near.Close()
	if answered := <-done; err == nil && answered != nil {
		t.Errorf("the answering side: %v", answered)
	}
	return err
}
