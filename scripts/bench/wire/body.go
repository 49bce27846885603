package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ReadBody reads the body of a response whose head is h and hands it to each, piece by piece as it arrives. A piece is only
// valid during the call. A body that ends early is io.ErrUnexpectedEOF; an error of each ends the reading and is returned.
func ReadBody(r *bufio.Reader, h Head, each func(piece []byte) error) error {
	switch {
	case h.Chunked:
		return readChunks(r, each)
	case h.Length >= 0:
		return readCounted(r, h.Length, each)
	default:
		return readToEnd(r, each)
	}
}

func readChunks(r *bufio.Reader, each func([]byte) error) error {
	for {
		size, err := chunkSize(r)
		if err != nil {
			return err
		}
		if err := readCounted(r, size, each); err != nil {
			return err
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return unexpected(err)
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			return fmt.Errorf("end of chunk %q: %w", line, ErrMalformed)
		}
		if size == 0 {
			return nil
		}
	}
}

func chunkSize(r *bufio.Reader) (int, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, unexpected(err)
	}
	digits, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(";"))
	if len(digits) == 0 || len(digits) > 7 {
		return 0, fmt.Errorf("chunk size %q: %w", line, ErrMalformed)
	}
	size, err := strconv.ParseUint(string(digits), 16, 31)
	if err != nil {
		return 0, fmt.Errorf("chunk size %q: %w", line, ErrMalformed)
	}
	return int(size), nil
}

func readCounted(r *bufio.Reader, n int, each func([]byte) error) error {
	for n > 0 {
		piece, err := buffered(r)
		if err != nil {
			return unexpected(err)
		}
		piece = piece[:min(n, len(piece))]
		if err := each(piece); err != nil {
			return err
		}
		n -= len(piece)
		if _, err := r.Discard(len(piece)); err != nil {
			return err
		}
	}
	return nil
}

func readToEnd(r *bufio.Reader, each func([]byte) error) error {
	for {
		piece, err := buffered(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(piece); err != nil {
			return err
		}
		if _, err := r.Discard(len(piece)); err != nil {
			return err
		}
	}
}

// buffered returns what the reader holds, at least one byte, without consuming it.
func buffered(r *bufio.Reader) ([]byte, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	return r.Peek(r.Buffered())
}
