package endpoint

import (
	"maps"
	"net/url"
	"strings"
	"sync/atomic"
)

// address is where a call goes: an instance's base URL and the path below it.
type address struct{ base, path string }

// maxAddresses bounds the addresses that are kept. Those of instances that are gone stay until there are too many, and
// then all go: a call that misses its address only parses it again.
const maxAddresses = 4096

// addresses keeps what has been parsed, because parsing an address costs more than looking it up. The map is replaced
// and never changed, so that looking up takes no lock.
type addresses struct {
	parsed atomic.Pointer[map[address]*url.URL]
}

// get returns the parsed address, which all calls share and nobody changes.
func (a *addresses) get(to address) (*url.URL, error) {
	known := a.parsed.Load()
	if known != nil {
		if u := (*known)[to]; u != nil {
			return u, nil
		}
	}
	u, err := url.Parse(to.base + to.path)
	if err != nil {
		return nil, err //nolint:wrapcheck // url.Error names the operation and the address.
	}
	u.Host = strings.TrimSuffix(u.Host, ":") // An empty port is none (RFC 3986, section 3.2.3).
	more := make(map[address]*url.URL)
	if known != nil && len(*known) < maxAddresses {
		maps.Copy(more, *known)
	}
	more[to] = u
	a.parsed.CompareAndSwap(known, &more) // Who loses against another call parses again the next time.
	return u, nil
}
