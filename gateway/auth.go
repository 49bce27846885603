package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"aiproxy/gateway/admin"
	"aiproxy/providers/dialect"
)

// clientKey is a key that clients may present: its name, by which the audit log speaks of the client, and its hash.
// Hashes have one length, so that a comparison tells nothing about a key, not even how long it is.
type clientKey struct {
	name string
	sum  [sha256.Size]byte
}

// keyring is the set of keys that clients may present. It never changes.
type keyring struct {
	keys []clientKey
	// access says what holds where there is no key to present.
	access access
}

// access is what a gateway does with requests.
type access int

const (
	// keyed asks every request for a key.
	keyed access = iota
	// openToAll lets everybody in: nobody has set a key, here or in the cluster.
	openToAll
	// undecided is that of a node without keys of its own that has not heard yet whether the cluster has some.
	undecided
)

// check returns the name of the key that the request carries in any of the places that the SDKs put it. No keys at all
// let everybody in but web pages that are foreign and not allowed: a browser on this machine would carry their requests in.
func (k *keyring) check(r *http.Request, allowedPage func(origin string) bool) (string, error) {
	switch k.access {
	case openToAll:
		return admin.Anonymous, refuseForeignPage(r, allowedPage)
	case undecided:
		return "", errKeysUnknown()
	}
	presented := false
	for place := range keyPlaces {
		key := keyAt(place, r)
		if key == "" {
			continue
		}
		if i := k.find(key); i >= 0 {
			return k.keys[i].name, nil
		}
		presented = true
	}
	return "", unauthorized(presented)
}

// keyPlaces is the number of places in which a request may carry a key.
const keyPlaces = 5

// keyAt returns the key in one of the places, the likeliest first, or "".
func keyAt(place int, r *http.Request) string {
	switch place {
	case 0:
		return bearer(r)
	case 1:
		return r.Header.Get("X-Api-Key")
	case 2:
		return r.Header.Get("X-Goog-Api-Key")
	case 3:
		return r.Header.Get("Api-Key")
	default:
		return queryKey(r)
	}
}

// find returns the index of the key, or -1. It compares with every key, so that the time taken does not tell which one
// came close.
func (k *keyring) find(key string) int {
	sum := sha256.Sum256([]byte(key))
	found := -1
	for i := range k.keys {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], k.keys[i].sum[:]), i, found)
	}
	return found
}

func bearer(r *http.Request) string {
	scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

func queryKey(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("key")
}

func unauthorized(presented bool) error {
	message := "This request carries no API key. Send it as 'Authorization: Bearer <key>'; x-api-key, x-goog-api-key, api-key and ?key= are understood as well."
	if presented {
		message = "The API key of this request is not one of the gateway's. Check the key that your client is set up with."
	}
	return &dialect.Error{
		Status:  http.StatusUnauthorized,
		Type:    "invalid_request_error",
		Code:    "invalid_api_key",
		Message: message,
	}
}
