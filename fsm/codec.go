package fsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Encode returns the command as it goes into the log. It decodes the payload the way every replica will, so that a
// malformed command fails here, in front of one caller, and not inside the state machines of the whole cluster.
// Errors wrap ErrCommandTooLarge and ErrUnknownType.
func (c Command) Encode() ([]byte, error) {
	if c.Version != commandVersion {
		return nil, fmt.Errorf("encode command %s: version %d is not %d", c.Type, c.Version, commandVersion)
	}
	if len(c.Payload) > c.Type.limit() {
		return nil, tooLarge(c.Type, len(c.Payload))
	}
	if _, err := parseStep(c.Type, c.Payload); err != nil {
		return nil, fmt.Errorf("encode command: %w", err)
	}
	raw, err := c.appendEnvelope(make([]byte, 0, 192+len(c.Payload)))
	if err != nil {
		return nil, fmt.Errorf("encode command %s: %w", c.Type, err)
	}
	if len(raw) > c.Type.limit() {
		return nil, tooLarge(c.Type, len(raw))
	}
	return raw, nil
}

// Decode reads an encoded command. It is strict about the envelope: its size, its version, and that no field is
// unknown. It neither judges the type nor looks into the payload. The command does not alias raw.
func Decode(raw []byte) (Command, error) {
	if limit := ConfigApply.limit(); len(raw) > limit {
		return Command{}, fmt.Errorf("decode command: %d bytes exceed the limit of %d: %w", len(raw), limit, ErrCommandTooLarge)
	}
	c, ok := parseEnvelope(raw)
	if !ok {
		if err := decodeStrict(raw, &c); err != nil {
			return Command{}, fmt.Errorf("decode command: %w", err)
		}
	}
	if limit := c.Type.limit(); len(raw) > limit {
		return Command{}, fmt.Errorf("decode command %s: %d bytes exceed the limit of %d: %w", c.Type, len(raw), limit, ErrCommandTooLarge)
	}
	if c.By != "" && FeatureLevel < historyLevel {
		return Command{}, fmt.Errorf("decode command %s: it says by whom: %w", c.Type, ErrFeatureLevel)
	}
	if c.Version != commandVersion {
		return Command{}, fmt.Errorf("decode command: version %d is not %d", c.Version, commandVersion)
	}
	if c.Type == "" {
		return Command{}, errors.New("decode command: it has no type")
	}
	if len(c.Payload) == 0 {
		return Command{}, fmt.Errorf("decode command %s: it has no payload", c.Type)
	}
	c.At = c.At.UTC()
	return c, nil
}

func tooLarge(t Type, size int) error {
	return fmt.Errorf("encode command %s: %d bytes exceed the limit of %d: %w", t, size, t.limit(), ErrCommandTooLarge)
}

// decodeStrict decodes one JSON document into v and refuses unknown fields and anything after the document.
func decodeStrict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document")
	}
	return nil
}
