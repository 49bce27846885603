package dialect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// closeString returns the index behind the quote that closes a string, of which the inside begins at pos, or -1.
//
// Most of a long request is strings, most of those are short, and this is where Peek spends its time: so it looks at
// 16 bytes, without a branch between them, before it calls the search that pays for long strings only.
func closeString(data []byte, pos int) int {
	for i := pos; ; {
		if len(data)-i >= 16 {
			near := data[i : i+16 : i+16]
			first := zeroBytes(binary.LittleEndian.Uint64(near) ^ quotes)
			second := zeroBytes(binary.LittleEndian.Uint64(near[8:]) ^ quotes)
			switch {
			case first != 0:
				i += bits.TrailingZeros64(first)/8 + 1
			case second != 0:
				i += bits.TrailingZeros64(second)/8 + 9
			default:
				i = afterQuote(data, i+16)
			}
		} else {
			i = afterQuote(data, i)
		}
		if i < 0 || data[i-2] != '\\' || !escaped(data, i-1) {
			return i
		}
	}
}

// afterQuote returns the index behind the next quote, or -1.
func afterQuote(data []byte, pos int) int {
	n := bytes.IndexByte(data[pos:], '"')
	if n < 0 {
		return -1
	}
	return pos + n + 1
}

const (
	ones   = 0x0101010101010101
	quotes = '"' * ones
)

// zeroBytes sets the highest bit of the lowest byte of w that is 0, and perhaps of bytes above it; it is 0 where no
// byte is 0.
func zeroBytes(w uint64) uint64 { return (w - ones) &^ w & (ones << 7) }

// escaped tells whether the quote at pos, within a string, has an odd number of backslashes before it.
func escaped(data []byte, pos int) bool {
	i := pos
	for data[i-1] == '\\' {
		i--
	}
	return (pos-i)%2 == 1
}
