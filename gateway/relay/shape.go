package relay

import (
	"bytes"
	"fmt"
	"strings"

	"aiproxy/providers/dialect"
)

// headerContentEncoding tells of a compressed body, which no upstream is asked for.
const headerContentEncoding = "Content-Encoding"

// shape puts a reply of fault into the client's dialect where it has another shape: a proxy's page, the words of
// another kind of server, nothing. Status and header stay the upstream's but for what speaks of the body. The text is
// all of the body if whole, and shape returns both anew; what it cannot see through it leaves as it is.
func (a *attempt) shape(text []byte, whole bool) ([]byte, bool) {
	h := a.reply.Header
	if coding := h.Get(headerContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return text, whole
	}
	if !whole && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return text, whole
	}
	e := dialect.ForeignError(a.x.req.Dialect, a.reply.Status, text)
	if e == nil {
		return text, whole
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("instance %q answered with status %d and did not say why", a.target.instance.Name, a.reply.Status)
	}
	delete(h, headerContentLength)
	h[headerContentType] = typeJSON
	return dialect.EncodeError(a.x.req.Dialect, e), true
}
