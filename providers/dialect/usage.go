package dialect

import "bytes"

// Usage is the number of tokens of an exchange.
type Usage struct {
	// Input includes CachedInput, and Output includes Reasoning, whatever the dialect's own habit.
	Input       int64
	Output      int64
	CachedInput int64
	Reasoning   int64
}

// UsageFromReply returns the usage told in the body of a whole reply, and whether there was one.
func UsageFromReply(n Name, body []byte) (Usage, bool) { return codecFor(n).usageFromReply(body) }

// UsageFromEvent returns the usage told in event, and whether there was one. It takes the bytes of one or several
// whole server-sent events; the last usage wins. Events without any are rejected by a search for the word.
func UsageFromEvent(n Name, event []byte) (Usage, bool) {
	var last Usage
	found := false
	for bytes.Contains(event, usageWord) {
		var line []byte
		line, event = cutLine(event)
		data, isData := bytes.CutPrefix(line, dataField)
		if !isData || !bytes.Contains(data, usageWord) {
			continue
		}
		if u, ok := codecFor(n).usageFromData(data); ok {
			last, found = u, true
		}
	}
	return last, found
}

// The words that are looked for in events; never changed.
var (
	usageWord = []byte(`"usage`)
	dataField = []byte("data:")
)

// cutLine returns the first line of b, without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := lineEnd(b)
	if i < 0 {
		return b, nil
	}
	return b[:i], b[i+1:]
}
