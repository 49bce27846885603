package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// keyring holds the hashes of the keys that clients may present. Hashes have one length, so that a comparison
// tells nothing about a key, not even how long it is.
type keyring [][sha256.Size]byte

func newKeyring(keys []providers.Secret) keyring {
	ring := make(keyring, 0, len(keys))
	for _, key := range keys {
		ring = append(ring, sha256.Sum256([]byte(key.Reveal())))
	}
	return ring
}

// check returns nil for a request that carries one of the keys, in any of the places that the SDKs put it. No keys
// at all let everybody in but foreign web pages: a browser on this machine would carry their requests in.
func (k keyring) check(r *http.Request) error {
	if len(k) == 0 {
		return refuseForeignPage(r)
	}
	presented := false
	for place := range keyPlaces {
		key := keyAt(place, r)
		if key == "" {
			continue
		}
		if k.has(key) {
			return nil
		}
		presented = true
	}
	return unauthorized(presented)
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

// has compares with every key, so that the time taken does not tell which one came close.
func (k keyring) has(key string) bool {
	sum := sha256.Sum256([]byte(key))
	found := 0
	for i := range k {
		found |= subtle.ConstantTimeCompare(sum[:], k[i][:])
	}
	return found == 1
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
