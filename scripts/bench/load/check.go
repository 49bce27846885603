//go:build linux

package load

import (
	"bytes"
	"errors"
	"fmt"

	"aiproxy/scripts/bench/workload"
)

// errMismatch marks answers that are not what the upstream sent.
var errMismatch = errors.New("wrong answer")

// answerCheck compares an answer, piece by piece, with the one that the upstream sends.
type answerCheck struct {
	want []byte
	got  int
}

func (c *answerCheck) reset() { c.got = 0 }

// take compares the next piece.
func (c *answerCheck) take(piece []byte) error {
	rest := c.want[c.got:]
	if len(piece) > len(rest) || !bytes.Equal(piece, rest[:len(piece)]) {
		return fmt.Errorf("%w: differs after %d bytes", errMismatch, c.got)
	}
	c.got += len(piece)
	return nil
}

// complete tells whether all of the answer has come.
func (c *answerCheck) complete() error {
	if c.got < len(c.want) {
		return fmt.Errorf("%w: %d of %d bytes", errCut, c.got, len(c.want))
	}
	return nil
}

// eventCheck compares the events of a stream with those that the upstream sends, in their order, and expects [DONE] behind
// them. Comments and fields other than data are skipped, as a client of the API skips them.
type eventCheck struct {
	want [][]byte
	next int    // The event that is expected.
	open bool   // Data has come, the empty line that ends its event has not.
	done bool   // [DONE] has come.
	rest []byte // The start of a line whose end has not come.
}

func (c *eventCheck) reset() {
	c.next, c.open, c.done, c.rest = 0, false, false, c.rest[:0]
}

// take compares the next piece and returns how many events, [DONE] apart, it completes.
func (c *eventCheck) take(piece []byte) (int, error) {
	before := c.next
	for len(piece) > 0 {
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			c.rest = append(c.rest, piece...)
			break
		}
		line := piece[:end]
		if len(c.rest) > 0 {
			c.rest = append(c.rest, line...)
			line = c.rest
		}
		if err := c.line(line); err != nil {
			return c.next - before, err
		}
		c.rest = c.rest[:0]
		piece = piece[end+1:]
	}
	return c.next - before, nil
}

func (c *eventCheck) line(line []byte) error {
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		if c.open && !c.done {
			c.next++
		}
		c.open = false
		return nil
	}
	data, found := bytes.CutPrefix(line, []byte("data:"))
	if !found {
		return nil
	}
	data = bytes.TrimPrefix(data, []byte(" "))
	switch {
	case c.done || c.open:
		return fmt.Errorf("%w: more data behind event %d", errMismatch, c.next)
	case c.next < len(c.want):
		if !bytes.Equal(data, c.want[c.next]) {
			return fmt.Errorf("%w: event %d is %.40q", errMismatch, c.next, data)
		}
	case string(data) == workload.Done:
		c.done = true
	default:
		return fmt.Errorf("%w: %.40q in the place of %s", errMismatch, data, workload.Done)
	}
	c.open = true
	return nil
}

// complete tells whether the stream has come to its end.
func (c *eventCheck) complete() error {
	if !c.done || c.open || len(c.rest) > 0 {
		return fmt.Errorf("%w: %d of %d events, end %t", errCut, c.next, len(c.want), c.done)
	}
	return nil
}
