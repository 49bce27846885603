package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// recordHandshake is the first byte of every TLS connection, and of no HTTP request.
const recordHandshake = 0x16

// plainOnTLS is what net/http says to somebody who speaks HTTP to an HTTPS port.
const plainOnTLS = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"

// errPlainListener ends the handshake of a TLS client that is not a peer on a listener that speaks plain HTTP.
var errPlainListener = errors.New("a client speaks TLS to a port for plain HTTP")

// receive finds out what a new connection is and brings it where it belongs. Deadlines are gone when it does.
func (t *Transport) receive(v *visitor) {
	c := v.conn
	if err := c.SetReadDeadline(time.Now().Add(t.cfg.PreconnectTimeout)); err != nil {
		t.drop(v)
		return
	}
	var first [1]byte
	if n, _ := c.Read(first[:]); n == 0 {
		// Silence, or a port scanner: nothing to tell.
		t.drop(v)
		return
	}
	t.waiting.spoke(v)
	again := unread(c, first[0])
	switch {
	case first[0] == recordHandshake:
		t.secure(v, again)
	case t.clientTLS == nil:
		t.handClient(v, again)
	default:
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c, plainOnTLS)
		t.drop(v)
	}
}

// drop ends a connection that came to nothing.
func (t *Transport) drop(v *visitor) {
	v.conn.Close()
	t.waiting.leave(v)
}

// handClient hands a client's connection to whoever accepts clients.
func (t *Transport) handClient(v *visitor, c net.Conn) {
	gone := t.waiting.handOver(v)
	if gone == nil || c.SetDeadline(time.Time{}) != nil || !t.clients.push(c, gone) {
		t.drop(v)
		return
	}
	t.waiting.leave(v)
}

// secure goes through TLS and hands the connection on as a client's or a peer's.
func (t *Transport) secure(v *visitor, c preface) {
	if c.SetDeadline(time.Now().Add(t.cfg.HandshakeTimeout)) != nil {
		t.drop(v)
		return
	}
	secured := tls.Server(c, t.doorTLS)
	// The deadline and an eviction end it; a context that can end would cost a goroutine.
	if err := secured.HandshakeContext(context.Background()); err != nil {
		t.tellFailure(c, err)
		t.drop(v)
		return
	}
	if secured.ConnectionState().NegotiatedProtocol != ALPN {
		t.handClient(v, secured)
		return
	}
	t.welcome(v, secured)
}

// tellFailure logs a TLS handshake that failed, at a level that fits who was there.
func (t *Transport) tellFailure(c preface, err error) {
	if !c.preface().peer {
		if _, ok := t.complaints.worthTelling("client tls", c); ok {
			t.log.Debug("a TLS handshake failed", "remote", host(c), "error", err)
		}
		return
	}
	if isBroken(err) {
		return // the dialler knows more about it
	}
	if n, ok := t.complaints.worthTelling("peer tls", c); ok {
		t.log.Warn("a peer failed to authenticate", "remote", host(c), "error", explain(err), "untold_before", n)
	}
}

// isBroken reports whether err is about the connection rather than about what came over it.
func isBroken(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if ok {
		return op.Op != "remote error" && op.Op != "local error" // which is what crypto/tls calls alerts
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded)
}

// welcome is the answering side of the handshake, on a connection that TLS has authenticated.
func (t *Transport) welcome(v *visitor, secured *tls.Conn) {
	var h hello
	err := readFrame(secured, &h)
	if err != nil && !errors.Is(err, errFrame) {
		t.drop(v)
		return
	}
	self := t.self()
	refused := t.refusal(h, self, err)
	a := answer{OK: refused == nil, Identity: self}
	if refused != nil {
		a.Code, a.Message = refused.Code, refused.Message
	}
	if werr := writeFrame(secured, a); werr != nil || refused != nil {
		if refused != nil {
			t.tellRefusal(secured, refused)
		}
		_ = secured.Close()
		t.drop(v)
		return
	}
	t.cfg.Met(h.Identity)
	t.deliver(v, secured, h)
}

// refusal says why a hello is not welcome, or nil.
func (t *Transport) refusal(h hello, self Identity, err error) *RefusedError {
	if err != nil {
		return &RefusedError{Code: CodeMalformed, Message: err.Error()}
	}
	if h.Identity.tooLong() || len(h.Kind) > maxField {
		return &RefusedError{Code: CodeMalformed, Message: fmt.Sprintf("a field of the hello takes more than %d bytes", maxField)}
	}
	if r := judge(h.Kind, self, h.Identity); r != nil {
		return r
	}
	if t.crowded() {
		return &RefusedError{Code: CodeBusy, Message: fmt.Sprintf("node %q has too many peer connections", self.NodeID), Peer: h.Identity}
	}
	ready, why := true, ""
	switch h.Kind {
	case kindProbe:
	case kindCall:
		ready = t.serving.Load()
	case kindRaft:
		if s := t.streams.Load(); s == nil {
			ready = false
		} else if err := s.refusal(); err != nil {
			ready, why = false, ": "+err.Error()
		}
	default:
		return &RefusedError{
			Code: CodeKind, Message: fmt.Sprintf("node %q knows no connections of kind %q", self.NodeID, h.Kind), Peer: h.Identity,
		}
	}
	if !ready {
		return &RefusedError{
			Code: CodeNotReady, Message: fmt.Sprintf("node %q takes no connections of kind %q now%s", self.NodeID, h.Kind, why), Peer: h.Identity,
		}
	}
	return nil
}

// tellRefusal logs a refusal once per cause. A node that is starting or stopping is nothing to worry about.
func (t *Transport) tellRefusal(c *tls.Conn, r *RefusedError) {
	n, ok := t.complaints.worthTelling(r.Code, c)
	switch {
	case !ok:
	case r.Code == CodeNotReady || r.Code == CodeNoCluster || r.Code == CodeSelf:
		t.log.Debug("a peer was turned away", "remote", host(c), "node", r.Peer.NodeID, "code", r.Code, "reason", r.Message)
	default:
		t.log.Warn("a peer was refused", "remote", host(c), "node", r.Peer.NodeID, "address", r.Peer.Address,
			"code", r.Code, "reason", r.Message, "untold_before", n)
	}
}

// deliver hands a welcome peer's connection to Raft or to the server of calls.
func (t *Transport) deliver(v *visitor, secured *tls.Conn, h hello) {
	var owner *streams
	takers := t.calls
	switch h.Kind {
	case kindProbe:
		_ = secured.Close()
		t.drop(v)
		return
	case kindRaft:
		if owner = t.streams.Load(); owner == nil {
			t.drop(v)
			return
		}
		takers = owner.queue
	case kindCall:
	}
	keepAlive(v.conn)
	c := t.adopt(secured, h.Identity, owner)
	// A pause that came after the handshake began has not severed this connection: it is looked at again.
	paused := owner != nil && owner.refusal() != nil
	if !t.waiting.leave(v) || c == nil || paused || c.SetDeadline(time.Time{}) != nil {
		v.conn.Close()
		if c != nil {
			c.sever()
		}
		return
	}
	if !takers.push(c, t.ctx.Done()) {
		c.sever()
	}
}
