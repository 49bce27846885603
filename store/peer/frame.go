package peer

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxFrame is the most that a frame's JSON may take. An identity takes a few hundred bytes.
const maxFrame = 4 << 10

// errFrame marks a frame that could be read but not understood.
var errFrame = errors.New("malformed handshake frame")

// writeFrame sends v as JSON behind its length, two bytes in network order, in one write.
func writeFrame(w io.Writer, v any) error {
	buf, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode handshake frame: %w", err)
	}
	if len(buf) > maxFrame {
		return fmt.Errorf("encode handshake frame: %d bytes are more than %d", len(buf), maxFrame)
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(buf)), uint16(len(buf)))
	if _, err := w.Write(append(frame, buf...)); err != nil {
		return fmt.Errorf("write handshake frame: %w", err)
	}
	return nil
}

// readFrame reads one frame into v and not a byte more: what follows belongs to whoever takes the connection.
// Fields that v does not have are skipped, so that a later version may add some.
func readFrame(r io.Reader, v any) error {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("read handshake frame: %w", err)
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n == 0 || n > maxFrame {
		return fmt.Errorf("%w: %d bytes announced, 1 to %d allowed", errFrame, n, maxFrame)
	}
	buf := make([]byte, n)
	if _, err := io.ReadFull(r, buf); err != nil {
		return fmt.Errorf("read handshake frame: %w", err)
	}
	if err := json.Unmarshal(buf, v); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}
