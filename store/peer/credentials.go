package peer

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// ALPN is the protocol name that tells a peer's TLS connection from a client's.
const ALPN = "aiproxy-peer/1"

const (
	// serverName is in every leaf certificate and is what diallers ask for; addresses and names of nodes are not
	// certified, since whoever can issue one certificate can issue any.
	serverName = "peer.aiproxy.internal"
	// authorityInfo separates the authority's key from other keys that the same secret yields.
	authorityInfo = "aiproxy cluster ca v1"

	// A leaf is issued as if leafMargin ago, used for leafUse and good for leafMargin more, so that a node whose clock
	// is off by less than leafMargin, either way, accepts it at any time of its use.
	leafMargin = 12 * time.Hour
	leafUse    = 12 * time.Hour
)

// credentials are the TLS identity of this node: the cluster's authority, which every holder of the secret can
// rebuild, and a short-lived leaf, issued anew when a handshake finds it old.
type credentials struct {
	now       func() time.Time
	authority *x509.Certificate
	key       ed25519.PrivateKey
	pool      *x509.CertPool

	mu      sync.Mutex
	leaf    *tls.Certificate
	renewAt time.Time
	issued  time.Time
}

// newCredentials derives the cluster's authority from the secret.
func newCredentials(secret []byte, now func() time.Time) (*credentials, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, authorityInfo, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive cluster authority: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	id := sha256.Sum256(key.Public().(ed25519.PublicKey))
	// Nothing here depends on the moment or on the Go version: all nodes have the same certificate.
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "aiproxy cluster authority"},
		NotBefore:             time.Unix(0, 0).UTC(),
		NotAfter:              time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          id[:20],
	}
	authority, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("issue cluster authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	return &credentials{now: now, authority: authority, key: key, pool: pool}, nil
}

// sign issues a certificate and parses it.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, key ed25519.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// certificate returns the leaf, a new one when it has been used long enough or the clock has gone back before it.
func (c *credentials) certificate() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.leaf != nil && now.Before(c.renewAt) && !now.Before(c.issued) {
		return c.leaf, nil
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of peer certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number of peer certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "aiproxy peer"},
		DNSNames:     []string{serverName},
		NotBefore:    now.Add(-leafMargin),
		NotAfter:     now.Add(leafUse + leafMargin),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	leaf, err := sign(template, c.authority, public, c.key)
	if err != nil {
		return nil, fmt.Errorf("issue peer certificate: %w", err)
	}
	c.leaf = &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: private, Leaf: leaf}
	c.issued, c.renewAt = now, now.Add(leafUse)
	return c.leaf, nil
}

// serverConfig is what a peer that connects gets. There are no session tickets: every connection is authenticated
// by certificate, and nothing that a client's configuration issued can be resumed here.
func (c *credentials) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{ALPN},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              c.pool,
		SessionTicketsDisabled: true,
		Time:                   c.now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.certificate()
		},
	}
}

// clientConfig is what this node dials with.
func (c *credentials) clientConfig() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{ALPN},
		ServerName:             serverName,
		RootCAs:                c.pool,
		SessionTicketsDisabled: true,
		Time:                   c.now,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return c.certificate()
		},
	}
}
