package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// frameOf is v as writeFrame puts it.
func frameOf(tb testing.TB, v any) []byte {
	tb.Helper()
	var buf bytes.Buffer
	if err := writeFrame(&buf, v); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func exampleHello(k kind) hello {
	return hello{Kind: k, Identity: Identity{
		Protocol: Protocol, ClusterID: "c1", NodeID: "node2", InstanceID: "i2", Version: "1.2.3", Address: "node2:3000",
	}}
}

// addFrames seeds a fuzz test with frames that are right, and with the ways in which they go wrong.
func addFrames(f *testing.F) {
	f.Helper()
	for _, k := range []kind{kindRaft, kindCall, kindProbe, "other"} {
		f.Add(frameOf(f, exampleHello(k)))
	}
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add([]byte{0, 0})
	f.Add([]byte{0, 2, '{', '}'})
	f.Add([]byte{0, 2, '{'})
	f.Add([]byte{0x10, 0x00, '{'})
	f.Add([]byte{0x10, 0x01, '{'})
	f.Add([]byte{0xff, 0xff})
	f.Add(append([]byte{0, 4}, "null and what follows"...))
	f.Add(append([]byte{0, 28}, `{"kind":7,"identity":"node"}`...))
	f.Add(append([]byte{0, 34}, `{"identity":{"protocol":1.5e300}}}`...))
}

// FuzzReadFrame decodes anything. What it takes it has taken to the byte, within the limit, and writes back the same.
func FuzzReadFrame(f *testing.F) {
	addFrames(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		var h hello
		if err := readFrame(r, &h); err != nil {
			if !errors.Is(err, errFrame) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		size := int(data[0])<<8 | int(data[1])
		if size == 0 || size > maxFrame || r.Len() != len(data)-2-size {
			t.Errorf("took %d of %d bytes", len(data)-r.Len(), len(data))
		}
		var buf bytes.Buffer
		if err := writeFrame(&buf, h); err != nil {
			return // escapes may make it longer than a frame may be
		}
		var again hello
		if err := readFrame(&buf, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

// script is a connection whose other end sends what is written down, whatever it is told.
type script struct {
	net.Conn // nil: nothing else may be called
	in       *bytes.Reader
	out      bytes.Buffer
	closed   bool
}

func (s *script) Read(p []byte) (int, error)       { return s.in.Read(p) }
func (s *script) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) RemoteAddr() net.Addr             { return address("192.0.2.1:1") }
func (s *script) Close() error {
	s.closed = true
	return nil
}

// answering is a Transport whose clients and calls are taken, and tells of both.
func answering(tb testing.TB) (t *Transport, clients chan net.Conn, calls chan string) {
	tb.Helper()
	t, err := New(Config{
		Secret: []byte("a secret that nobody guesses"),
		Self: func() Identity {
			return Identity{ClusterID: "c1", NodeID: "node1", InstanceID: "i1", Version: "1.2.3", Address: "node1:3000"}
		},
		HandshakeTimeout: 5 * time.Second,
	})
	if err != nil {
		tb.Fatal(err)
	}
	clients, calls = make(chan net.Conn), make(chan string, 1)
	go func() {
		for {
			c, err := t.Clients().Accept()
			if err != nil {
				return
			}
			clients <- c
		}
	}()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = t.ServeCalls(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id, _ := IdentityFrom(r.Context())
			calls <- id.NodeID
		}))
	}()
	for !t.serving.Load() {
		select {
		case <-time.After(time.Millisecond):
		case <-served:
			tb.Fatal("calls are not served")
		}
	}
	tb.Cleanup(func() {
		_ = t.Close()
		<-served
	})
	return t, clients, calls
}

// FuzzDoor sends anything to the port: it is a client's, who loses no byte of it, or nobody's, and never a peer's.
func FuzzDoor(f *testing.F) {
	t, clients, calls := answering(f)
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	f.Add([]byte{})
	f.Add([]byte{0x16})
	f.Add([]byte{0x15, 0x03, 0x01, 0, 2, 2, 40})
	f.Add([]byte{0x16, 3, 1, 0xff, 0xff, 1})
	for _, alpn := range []string{ALPN, "h2"} {
		f.Add(recordedHello(f, alpn))
	}
	f.Fuzz(func(tt *testing.T, data []byte) {
		c := &script{in: bytes.NewReader(data)}
		v := t.waiting.admit(c, t.ctx.Done())
		t.receive(v)
		mine := len(data) == 0 || data[0] == recordHandshake
		if c.closed != mine {
			tt.Fatalf("%q came to nothing: %v", data, c.closed)
		}
		if !mine {
			if got, err := io.ReadAll(<-clients); err != nil || !bytes.Equal(got, data) {
				tt.Errorf("a client's %q arrived as %q, %v", data, got, err)
			}
		}
		if len(calls) > 0 || t.waiting.leave(v) {
			tt.Errorf("%q passed for a peer, or was not forgotten", data)
		}
	})
}

// recordedHello is the first flight of a TLS client that offers alpn.
func recordedHello(tb testing.TB, alpn string) []byte {
	tb.Helper()
	c := &script{in: bytes.NewReader(nil)}
	if err := tls.Client(c, &tls.Config{ServerName: serverName, NextProtos: []string{alpn}}).HandshakeContext(context.Background()); err == nil {
		tb.Fatal("a handshake without an answer")
	}
	return c.out.Bytes()
}

// FuzzHandshake sends anything as a peer that has the secret. Only the right hello opens the way to calls, and what
// follows it is read as a call.
func FuzzHandshake(f *testing.F) {
	t, _, calls := answering(f)
	addFrames(f)
	f.Add(append(frameOf(f, exampleHello(kindCall)), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"...))
	f.Add(append(frameOf(f, exampleHello(kindCall)), "junk\r\n\r\n"...))
	long := exampleHello(kindProbe)
	long.Identity.NodeID = strings.Repeat("\x00", maxField+1)
	f.Add(frameOf(f, long))
	foreign := exampleHello(kindCall)
	foreign.Identity.ClusterID = "c2"
	f.Add(append(frameOf(f, foreign), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"...))
	f.Fuzz(func(tt *testing.T, data []byte) {
		near, far := net.Pipe()
		defer near.Close()
		v := t.waiting.admit(far, t.ctx.Done())
		done := make(chan struct{})
		go func() {
			defer close(done)
			t.receive(v)
		}()
		c := tls.Client(near, t.dialTLS)
		if err := near.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			tt.Fatal(err)
		}
		if err := c.HandshakeContext(tt.Context()); err != nil {
			tt.Fatal(err)
		}
		var h hello
		want := readFrame(bytes.NewReader(data), &h)
		go func() {
			_, _ = c.Write(data)
			_ = c.CloseWrite()
		}()
		var a answer
		err := readFrame(c, &a)
		welcome := want == nil && judge(h.Kind, t.self(), h.Identity) == nil && !h.Identity.tooLong() && (h.Kind == kindCall || h.Kind == kindProbe)
		answered := want == nil || errors.Is(want, errFrame)
		if a.OK != welcome || answered != (err == nil) {
			tt.Errorf("%q got %+v, %v", data, a, err)
		}
		_, err = io.Copy(io.Discard, c)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			tt.Error("the connection stays open")
		}
		<-done
		select {
		case id := <-calls:
			if !welcome || id != h.Identity.NodeID {
				tt.Errorf("%q has called as %q", data, id)
			}
		default:
		}
	})
}
