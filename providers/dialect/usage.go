package dialect

import "bytes"

// Usage is the number of tokens of an exchange.
type Usage struct {
	// Input includes CachedInput, CacheWrite and InputAudio, and Output includes Reasoning and OutputAudio, whatever
	// the dialect's own habit.
	Input       int64
	Output      int64
	CachedInput int64
	// CacheWrite is what was written to the upstream's cache, of which Anthropic tells CacheWrite1h apart.
	CacheWrite   int64
	CacheWrite1h int64
	Reasoning    int64
	InputAudio   int64
	OutputAudio  int64
	// Searches are the uses of web search that the upstream charges for.
	Searches int64
}

// Fresh is the input that was neither read from the cache nor written to it, which is how Anthropic counts. It is
// never negative: some upstreams count the cache beside the input.
func (u *Usage) Fresh() int64 { return max(0, u.Input-u.CachedInput-u.CacheWrite) }

// Total is input and output.
func (u *Usage) Total() int64 { return u.Input + u.Output }

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
