package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// Alerts of RFC 8446, section 6, by which the other end says what it thinks of a certificate or of our ALPN.
const (
	alertBadCertificate     = 42
	alertCertificateExpired = 45
	alertUnknownCA          = 48
	alertNoApplication      = 120
)

// Probe dials address, which is resolved now, goes through TLS and the handshake and returns who answered. The
// errors are those of errors.go, wrapped; a refusal is a *RefusedError that names the other node as well. ctx and
// Config.HandshakeTimeout bound it.
func (t *Transport) Probe(ctx context.Context, address string) (Identity, error) {
	c, err := t.dial(ctx, kindProbe, address, nil)
	if err != nil {
		return Identity{}, err
	}
	id := c.peer
	_ = c.Close()
	return id, nil
}

// dial opens an authenticated connection.
func (t *Transport) dial(ctx context.Context, k kind, address string, owner *streams) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.HandshakeTimeout)
	defer cancel()
	stop := context.AfterFunc(t.ctx, cancel) //nolint:contextcheck // two contexts end a dial: its own and the transport's
	defer stop()
	c, err := t.open(ctx, k, address, owner)
	switch {
	case err == nil:
		return c, nil
	case t.ctx.Err() != nil:
		err = ErrClosed
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return nil, fmt.Errorf("dial peer %s: %w", address, err)
}

// open does what dial says while ctx lasts.
func (t *Transport) open(ctx context.Context, k kind, address string, owner *streams) (*conn, error) {
	raw, err := t.cfg.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	keepAlive(raw)
	interrupt := context.AfterFunc(ctx, func() { raw.Close() })
	secured, id, err := t.introduce(ctx, k, tls.Client(raw, t.dialTLS))
	if !interrupt() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	t.cfg.Met(id)
	c := t.adopt(secured, id, owner)
	if c == nil {
		raw.Close()
		return nil, ErrClosed
	}
	return c, nil
}

// introduce is the dialling side of the handshake.
func (t *Transport) introduce(ctx context.Context, k kind, c *tls.Conn) (*tls.Conn, Identity, error) {
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, Identity{}, explain(err)
	}
	if c.ConnectionState().NegotiatedProtocol != ALPN {
		return nil, Identity{}, ErrNotPeer
	}
	self := t.self()
	if err := writeFrame(c, hello{Kind: k, Identity: self}); err != nil {
		return nil, Identity{}, explain(err)
	}
	var a answer
	if err := readFrame(c, &a); err != nil {
		// In TLS 1.3 the verdict on the dialler's certificate arrives here.
		return nil, Identity{}, explain(err)
	}
	if !a.OK {
		return nil, Identity{}, &RefusedError{Code: a.Code, Message: a.Message, Peer: a.Identity}
	}
	if r := judge(k, self, a.Identity); r != nil {
		return nil, Identity{}, r
	}
	return c, a.Identity, nil
}

// explain says in terms of clusters what TLS says in terms of certificates.
func explain(err error) error {
	var meaning error
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, isHostname := errors.AsType[x509.HostnameError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case isInvalid && invalid.Reason == x509.Expired, isAlert(err, alertCertificateExpired):
		meaning = ErrClock
	case isAlert(err, alertBadCertificate):
		// This alert stands for all that a dialler may find wrong, so it may be the validity.
		return fmt.Errorf("%w, unless their clocks do: %w", ErrSecret, err)
	case isUnknown, isAlert(err, alertUnknownCA):
		meaning = ErrSecret
	case isHostname, isRecord, isInvalid, isAlert(err, alertNoApplication):
		meaning = ErrNotPeer
	default:
		return fmt.Errorf("handshake: %w", err)
	}
	return fmt.Errorf("%w: %w", meaning, err)
}

// isAlert reports whether err is the alert of that number from the other end. crypto/tls has no exported type for
// it, but one that has the same text.
func isAlert(err error, number uint8) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error" && op.Err.Error() == tls.AlertError(number).Error()
}

// dialStream is dial for Raft, which knows a timeout but no context. The node that Raft means may have moved.
func (t *Transport) dialStream(address string, timeout time.Duration, owner *streams) (*conn, error) {
	ctx := t.ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	want := t.cfg.NodeAt(address)
	if moved := t.cfg.MovedTo(want); want != "" && moved != "" && moved != address {
		if c, err := t.dialNode(ctx, moved, want, owner); err == nil {
			return c, nil
		}
	}
	return t.dialNode(ctx, address, want, owner)
}

// dialNode opens a Raft stream to the address, where the node with the id has to be, or any node for an empty id.
func (t *Transport) dialNode(ctx context.Context, address, want string, owner *streams) (*conn, error) {
	c, err := t.dial(ctx, kindRaft, address, owner)
	if err != nil {
		return nil, err
	}
	if want != "" && want != c.peer.NodeID {
		_ = c.Close()
		return nil, fmt.Errorf("dial peer %s: %w: %q instead of %q", address, ErrWrongNode, c.peer.NodeID, want)
	}
	return c, nil
}
