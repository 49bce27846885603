package upstream

import (
	"net/http"
	"strings"
)

// tokenByte tells the bytes of a token (RFC 9110 section 5.6.2), of which methods and field names are made.
var tokenByte = byteSet("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

func byteSet(members string) (set [256]bool) {
	for i := range len(members) {
		set[members[i]] = true
	}
	return set
}

func validToken(s string) bool {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

// validValue tells whether s may stand as a field value: no control byte but the tab, so no line can be smuggled in.
func validValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\t') || c == 0x7f {
			return false
		}
	}
	return true
}

// validHost tells whether s may stand in the Host field.
func validHost(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("/?#@\\\"<>^`{}|,", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// validTarget tells whether s may stand as the request target.
func validTarget(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f {
			return false
		}
	}
	return s != ""
}

// canonicalName returns the field name in the form that http.Header uses, and whether it is a name at all. A name that
// has that form already, as most have, is returned as it is.
func canonicalName(s string) (string, bool) {
	canonical, first := true, true
	for i := range len(s) {
		c := s[i]
		if !tokenByte[c] {
			return "", false
		}
		if first && 'a' <= c && c <= 'z' || !first && 'A' <= c && c <= 'Z' {
			canonical = false
		}
		first = c == '-'
	}
	if !canonical {
		s = http.CanonicalHeaderKey(s)
	}
	return s, s != ""
}

// hasToken tells whether one of the comma lists holds the token, in any case.
func hasToken(lists []string, token string) bool {
	for _, list := range lists {
		for element := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.Trim(element, " \t"), token) {
				return true
			}
		}
	}
	return false
}
