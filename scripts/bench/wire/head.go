// Package wire owns as much of HTTP/1.1 as the load generator and the simulated upstream need: reading a message's head and
// its body without allocating. It is no general parser: it must not meet traffic of others than the servers under test.
// Functions work on the reader they are given and keep nothing; a reader belongs to one goroutine.
package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped by every error that tells of a message that is not HTTP/1.1 as this package knows it.
var ErrMalformed = errors.New("malformed message")

// Head is what matters of a request's or a response's head.
type Head struct {
	// Status is the status code of a response, zero for a request.
	Status int
	// Length is the body's length in bytes, or -1 when the head does not tell.
	Length int
	// Chunked tells that the body comes in chunks.
	Chunked bool
	// Close tells that the sender closes the connection after this message.
	Close bool
	// Authorization is the value of that header, empty without it.
	Authorization string
}

// ReadHead reads a head up to and including its empty line. An end of input before its first byte is io.EOF, later ones are
// io.ErrUnexpectedEOF.
func ReadHead(r *bufio.Reader) (Head, error) {
	head := Head{Length: -1}
	first, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && len(first) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return head, err
	}
	if bytes.HasPrefix(first, []byte("HTTP/1.1 ")) {
		if head.Status, err = decimal(first[9:min(12, len(first))]); err != nil {
			return head, fmt.Errorf("status line %q: %w", first, err)
		}
	} else if !bytes.HasSuffix(bytes.TrimRight(first, "\r\n"), []byte(" HTTP/1.1")) {
		return head, fmt.Errorf("first line %q: %w", first, ErrMalformed)
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return head, unexpected(err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return head, nil
		}
		if err := head.field(line); err != nil {
			return head, err
		}
	}
}

func (h *Head) field(line []byte) error {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		return fmt.Errorf("header line %q: %w", line, ErrMalformed)
	}
	value = bytes.TrimSpace(value)
	switch {
	case is(name, "content-length"):
		length, err := decimal(value)
		if err != nil {
			return fmt.Errorf("content length %q: %w", value, err)
		}
		h.Length = length
	case is(name, "transfer-encoding"):
		h.Chunked = is(value, "chunked")
	case is(name, "connection"):
		h.Close = is(value, "close")
	case is(name, "authorization"):
		h.Authorization = string(value)
	}
	return nil
}

// is compares without regard to case; want is in lower case. The length decides first, because nearly all fields differ in it.
func is(got []byte, want string) bool {
	return len(got) == len(want) && bytes.EqualFold(got, []byte(want))
}

func decimal(digits []byte) (int, error) {
	if len(digits) == 0 || len(digits) > 9 {
		return 0, ErrMalformed
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, ErrMalformed
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

// unexpected turns an end of input inside a message into what it is there.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
