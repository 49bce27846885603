package providers_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"aiproxy/providers"
)

func TestReadBodyOfAnySize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 4095, 4096, 4097, 16 << 10, 100_000, 1 << 20, 1<<20 + 1, 5 << 20} {
		want := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		for _, r := range []io.Reader{
			bytes.NewReader(want), iotest.HalfReader(bytes.NewReader(want)), iotest.DataErrReader(bytes.NewReader(want)),
		} {
			body, err := providers.ReadBody(r, int64(size), 0)
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if !bytes.Equal(body.Bytes(), want) || body.Len() != size {
				t.Errorf("%d bytes came out as %d others", size, body.Len())
			}
			body.Release()
		}
	}
}

func TestReadBodyRefuses(t *testing.T) {
	t.Parallel()
	for _, size := range []int{11, 5000, 1 << 20} {
		r := strings.NewReader(strings.Repeat("x", size))
		if _, err := providers.ReadBody(r, 10, 0); !errors.Is(err, providers.ErrTooLarge) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if read := size - r.Len(); read != 11 {
			t.Errorf("%d of %d bytes were read", read, size)
		}
	}
	broken := errors.New("broken")
	_, err := providers.ReadBody(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)), 10, 0)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := providers.ReadBody(iotest.ErrReader(io.ErrUnexpectedEOF), 10, 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestBodyLivesUntilItsLastReference(t *testing.T) {
	t.Parallel()
	body, err := providers.ReadBody(strings.NewReader("first"), 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader := body.Reader()
	body.Release()
	other, err := providers.ReadBody(strings.NewReader("other"), 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if got, err := io.ReadAll(reader); err != nil || string(got) != "first" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	if err := reader.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := reader.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read after close: %v", err)
	}
	if reader.Bytes() != nil {
		t.Error("bytes after close")
	}
	for name, misuse := range map[string]func(){"release": body.Release, "retain": body.Retain, "reader": func() { body.Reader() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of a dead body did not panic", name)
				}
			}()
			misuse()
		}()
	}
}

func TestBodyReaderGivesTheRest(t *testing.T) {
	t.Parallel()
	body := providers.NewBody([]byte("abcdef"))
	defer body.Release()
	r := body.Reader()
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	if got := string(r.Bytes()); got != "cdef" {
		t.Errorf("the rest is %q", got)
	}
	if again, _ := io.ReadAll(body.Reader()); string(again) != "abcdef" {
		t.Errorf("another reader gives %q", again)
	}
}

// A transport may still be reading when the call is over and the buffer is wanted for the next request.
func TestBodyReaderMayBeClosedWhileItReads(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			want := bytes.Repeat([]byte{byte('a' + worker)}, 3000)
			for range 300 {
				body, err := providers.ReadBody(bytes.NewReader(want), 1<<20, 0)
				if err != nil {
					t.Error(err)
					return
				}
				reader := body.Reader()
				var late sync.WaitGroup
				late.Go(func() {
					p := make([]byte, 100)
					for {
						n, err := reader.Read(p)
						if err != nil {
							return
						}
						if !bytes.Equal(p[:n], want[:n]) {
							t.Error("another request's bytes")
							return
						}
					}
				})
				body.Release()
				reader.Close()
				late.Wait()
			}
		})
	}
	group.Wait()
}

func BenchmarkReadBody(b *testing.B) {
	for name, size := range map[string]int{"1KB": 1 << 10, "32KB": 32 << 10} {
		content := make([]byte, size)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := bytes.NewReader(content)
			for b.Loop() {
				r.Reset(content)
				body, err := providers.ReadBody(r, 1<<20, 0)
				if err != nil {
					b.Fatal(err)
				}
				body.Release()
			}
		})
	}
}
