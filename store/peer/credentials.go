package peer

import (
	"bytes"
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

// authority is what a cluster secret yields: every holder of the secret can rebuild it.
type authority struct {
	certificate *x509.Certificate
	key         ed25519.PrivateKey
}

// credentials are the TLS identity of this node: the cluster's authority, and a short-lived leaf, issued anew when a
// handshake finds it old. While the secret is rotated there are the authorities of the previous secrets as well.
type credentials struct {
	now func() time.Time
	// authority issues the leaf. The pool has the authorities that other nodes' leaves may come from.
	authority authority
	pool      *x509.CertPool
	// bridges say, in the name of each previous authority, that authority is to be believed. They go with the leaf, so
	// that nodes which know a previous secret only accept it.
	bridges [][]byte

	mu      sync.Mutex
	leaf    *tls.Certificate
	renewAt time.Time
	issued  time.Time
}

// newCredentials derives the cluster's authority from the secret, and those that are accepted besides from the previous
// ones.
func newCredentials(secret []byte, previous [][]byte, now func() time.Time) (*credentials, error) {
	current, err := newAuthority(secret)
	if err != nil {
		return nil, err
	}
	c := &credentials{now: now, authority: current, pool: x509.NewCertPool()}
	c.pool.AddCert(current.certificate)
	for _, s := range previous {
		if bytes.Equal(s, secret) {
			continue
		}
		before, err := newAuthority(s)
		if err != nil {
			return nil, err
		}
		bridge, err := before.vouchFor(current)
		if err != nil {
			return nil, err
		}
		c.pool.AddCert(before.certificate)
		c.bridges = append(c.bridges, bridge.Raw)
	}
	return c, nil
}

// newAuthority derives a secret's authority. Nothing in it depends on the moment or on the Go version: all nodes have
// the same certificate.
func newAuthority(secret []byte) (authority, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, authorityInfo, ed25519.SeedSize)
	if err != nil {
		return authority{}, fmt.Errorf("derive cluster authority: %w", err)
	}
	key := ed25519.NewKeyFromSeed(seed)
	template := authorityTemplate(key)
	template.MaxPathLen = 1 // A bridge may stand between it and a leaf.
	certificate, err := sign(template, template, key.Public(), key)
	if err != nil {
		return authority{}, fmt.Errorf("issue cluster authority: %w", err)
	}
	return authority{certificate: certificate, key: key}, nil
}

// vouchFor issues a certificate for another authority's key.
func (a authority) vouchFor(next authority) (*x509.Certificate, error) {
	template := authorityTemplate(next.key)
	template.MaxPathLenZero = true
	// Both authorities have the same name; this tells whose key to check the signature with.
	template.AuthorityKeyId = a.certificate.SubjectKeyId
	bridge, err := sign(template, a.certificate, next.key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("issue bridge between cluster authorities: %w", err)
	}
	return bridge, nil
}

func authorityTemplate(key ed25519.PrivateKey) *x509.Certificate {
	id := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "aiproxy cluster authority"},
		NotBefore:             time.Unix(0, 0).UTC(),
		NotAfter:              time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		SubjectKeyId:          id[:20],
	}
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
	leaf, err := sign(template, c.authority.certificate, public, c.authority.key)
	if err != nil {
		return nil, fmt.Errorf("issue peer certificate: %w", err)
	}
	chain := append([][]byte{leaf.Raw}, c.bridges...)
	c.leaf = &tls.Certificate{Certificate: chain, PrivateKey: private, Leaf: leaf}
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
