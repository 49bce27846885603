package fsm

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// rowSum is the sum of the digests of a set of rows. Rows come and go one by one at no more than their own cost,
// and a row that is missing, stale or changed shows. It guards against accidents, not against a forger.
type rowSum [sha256.Size / 8]uint64

func (s *rowSum) add(o rowSum) {
	for i := range s {
		s[i] += o[i]
	}
}

func (s *rowSum) subtract(o rowSum) {
	for i := range s {
		s[i] -= o[i]
	}
}

// MarshalText writes the sum in hexadecimal.
func (s rowSum) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, sha256.Size)
	for _, word := range s {
		raw = binary.BigEndian.AppendUint64(raw, word)
	}
	return hex.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *rowSum) UnmarshalText(text []byte) error {
	raw, err := hex.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("decode checksum: %w", err)
	}
	if len(raw) != sha256.Size {
		return fmt.Errorf("decode checksum: it has %d bytes, not %d", len(raw), sha256.Size)
	}
	for i := range s {
		s[i] = binary.BigEndian.Uint64(raw[8*i:])
	}
	return nil
}

// digestRow digests one row. The lengths keep the parts apart.
func digestRow(bucket, key, value []byte) rowSum {
	raw := make([]byte, 0, len(bucket)+len(key)+len(value)+16)
	raw = binary.BigEndian.AppendUint64(raw, uint64(len(bucket)))
	raw = binary.BigEndian.AppendUint64(raw, uint64(len(key)))
	raw = append(append(append(raw, bucket...), key...), value...)
	digest := sha256.Sum256(raw)
	var s rowSum
	for i := range s {
		s[i] = binary.BigEndian.Uint64(digest[8*i:])
	}
	return s
}
