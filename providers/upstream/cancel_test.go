package upstream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"aiproxy/providers/upstream"
)

var errWhy = errors.New("client went away")

// prompt is how soon a cancelled call must be over. It is generous for busy machines; a call that hangs takes longer.
const prompt = 2 * time.Second

// assertCancelled checks that err tells of the cancellation and its cause, and that the call ended in time.
func assertCancelled(t *testing.T, err error, phase upstream.Phase, cancelled time.Time) {
	t.Helper()
	if d := time.Since(cancelled); d > prompt {
		t.Errorf("returned %v after the cancellation", d)
	}
	asError(t, err, phase)
	if !errors.Is(err, errWhy) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v does not tell the cause and context.Canceled", err)
	}
}

// assertHungUp waits until the upstream sees the connection closed.
func assertHungUp(t *testing.T, hungUp <-chan struct{}) {
	t.Helper()
	select {
	case <-hungUp:
	case <-time.After(prompt):
		t.Error("the connection stayed open")
	}
}

// drain reads c to its end.
func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func TestCancelBeforeStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errWhy)
	req, body := request(ctx, t, "127.0.0.1:1", []byte("x"))
	_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
	assertCancelled(t, err, upstream.PhaseDial, time.Now())
	body.awaitClosed(t)
}

func TestCancelWhileDialling(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	var at time.Time
	rt := newTransport(t, upstream.Options{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		at = time.Now()
		cancel(errWhy)
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	for _, scheme := range []string{"http", "https"} {
		req, body := request(ctx, t, "192.0.2.1:80", []byte("x"))
		req.URL.Scheme = scheme
		_, err := rt.RoundTrip(req)
		assertCancelled(t, err, upstream.PhaseDial, at)
		body.awaitClosed(t)
	}
}

func TestCancelWhileSendingToStalledPeer(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"inline": 60 << 10, "beside": 64 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stalled := make(chan struct{})
			p := newPeer(t, func(_ int, c net.Conn) {
				_, _ = io.ReadFull(c, make([]byte, 100))
				close(stalled)
				<-t.Context().Done() // Never reads on.
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			var at time.Time
			go func() {
				<-stalled
				at = time.Now()
				cancel(errWhy)
			}()
			req, body := request(ctx, t, p.addr, make([]byte, size))
			_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
			phase := upstream.PhaseFirstByte
			if e, ok := errors.AsType[*upstream.Error](err); ok && e.Phase == upstream.PhaseSend {
				phase = upstream.PhaseSend // The write failed before the read did.
			}
			assertCancelled(t, err, phase, at)
			body.awaitClosed(t)
		})
	}
}

func TestCancelWhileWaitingForHead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sent  string
		phase upstream.Phase
	}{
		"no byte":     {"", upstream.PhaseFirstByte},
		"part":        {"HTTP/1.1 200 OK\r\nContent-", upstream.PhaseHead},
		"interim one": {"HTTP/1.1 100 Continue\r\n\r\n", upstream.PhaseHead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			hungUp := make(chan struct{})
			p := newPeer(t, func(_ int, c net.Conn) {
				br := bufio.NewReader(c)
				_, _, _ = readRequest(br)
				_, _ = io.WriteString(c, tc.sent)
				time.AfterFunc(20*time.Millisecond, func() { cancel(errWhy) })
				drain(c)
				close(hungUp)
			})
			req, body := request(ctx, t, p.addr, []byte("x"))
			_, err := newTransport(t, upstream.Options{}).RoundTrip(req)
			assertCancelled(t, err, tc.phase, time.Now())
			assertHungUp(t, hungUp)
			body.awaitClosed(t)
		})
	}
}

func TestCancelMidBody(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"chunked":         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"in chunk":        "Transfer-Encoding: chunked\r\n\r\n50\r\nhello",
		"length":          "Content-Length: 10\r\n\r\nhello",
		"until the close": "\r\nhello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hungUp := make(chan struct{})
			p := newPeer(t, func(_ int, c net.Conn) {
				br := bufio.NewReader(c)
				_, _, _ = readRequest(br)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+head)
				drain(c)
				close(hungUp)
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			rt := newTransport(t, upstream.Options{})
			req, _ := request(ctx, t, p.addr, []byte("x"))
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(20*time.Millisecond, func() { cancel(errWhy) })
			_, err = resp.Body.Read(make([]byte, 100))
			assertCancelled(t, err, upstream.PhaseBody, time.Now())
			assertHungUp(t, hungUp)
			if _, again := resp.Body.Read(make([]byte, 100)); !errors.Is(again, err) {
				t.Errorf("second read gives %v, want the first's error", again)
			}
		})
	}
}

func TestDeadlineShowsItself(t *testing.T) {
	t.Parallel()
	// In the bubble's time the deadline comes once everybody waits, which is for the answer.
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go drain(theirs)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		req, _ := request(ctx, t, "192.0.2.1:80", []byte("x"))
		_, err := newTransport(t, upstream.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return ours, nil
		}}).RoundTrip(req)
		asError(t, err, upstream.PhaseFirstByte)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDialTimeout(t *testing.T) {
	t.Parallel()
	rt := newTransport(t, upstream.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, os.ErrDeadlineExceeded
	}})
	req, _ := request(t.Context(), t, "192.0.2.1:80", nil)
	_, err := rt.RoundTrip(req)
	asError(t, err, upstream.PhaseDial)
	if ne, ok := errors.AsType[net.Error](err); !ok || !ne.Timeout() {
		t.Errorf("%v is not seen as a timeout", err)
	}
}

// A context that ends when the answer has been read already must not reach the connection, which others use by then.
func TestLateCancelLeavesPooledConnectionAlone(t *testing.T) {
	t.Parallel()
	p := newPeer(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	rt := newTransport(t, upstream.Options{})
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		req, _ := request(ctx, t, p.addr, []byte("x"))
		if _, _, err := exchange(t, rt, req); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	if n := p.accepted(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestCloseWhileAnotherGoroutineReads(t *testing.T) {
	t.Parallel()
	hungUp := make(chan struct{})
	p := newPeer(t, func(_ int, c net.Conn) {
		br := bufio.NewReader(c)
		_, _, _ = readRequest(br)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		drain(c)
		close(hungUp)
	})
	req, _ := request(t.Context(), t, p.addr, []byte("x"))
	resp, err := newTransport(t, upstream.Options{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	first, failed := make(chan struct{}), make(chan error)
	go func() {
		_, _ = io.ReadFull(resp.Body, make([]byte, 5))
		close(first)
		_, err := resp.Body.Read(make([]byte, 5))
		failed <- err
	}()
	<-first
	resp.Body.Close()
	if err := <-failed; err == nil {
		t.Error("the read went on after Close")
	}
	assertHungUp(t, hungUp)
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		_, isError := errors.AsType[*upstream.Error](err)
		if !isError {
			t.Errorf("read after Close gives %v", err)
		}
	}
}

// Reading, closing and cancelling at random must neither race nor disturb other exchanges on the same pool.
func TestManyCallsWithCancellations(t *testing.T) {
	t.Parallel()
	answer := bytes.Repeat([]byte("0123456789abcdef"), 256)
	p := newPeer(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"+string(answer)))
	rt := newTransport(t, upstream.Options{MaxIdlePerHost: 4})
	done := make(chan error)
	const callers, calls = 8, 60
	for g := range callers {
		go func() {
			for i := range calls {
				if err := oneOfMany(t, rt, p.addr, (g+i)%4, answer); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// oneOfMany makes one call that is undisturbed (0), cancelled early (1), cancelled while reading (2) or closed early (3).
func oneOfMany(t *testing.T, rt http.RoundTripper, addr string, way int, want []byte) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := request(ctx, t, addr, []byte("x"))
	if way == 1 {
		go cancel()
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		if way == 1 {
			return nil
		}
		return err
	}
	switch way {
	case 2:
		go cancel()
	case 3:
		_, _ = resp.Body.Read(make([]byte, 100))
		go resp.Body.Close()
	}
	got, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if way == 0 && (err != nil || !bytes.Equal(got, want)) {
		return errors.Join(errors.New("an undisturbed call was disturbed"), err)
	}
	return nil
}
