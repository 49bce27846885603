package document

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"aiproxy/gateway/spelling"
)

// The bounds of the state machine, so that all that it would refuse one by one is told at once.
const (
	longestName   = 128
	longestURL    = 2048
	longestModel  = 256
	longestSecret = 8 << 10
	mostWeight    = 1000
	mostPriority  = 1000
)

// oneOf is the check of a name of that kind. No known names allow every well-formed one.
func oneOf(kind string, known []string) func(string) (problem, remedy string) {
	return func(s string) (string, string) {
		if len(known) == 0 {
			return checkName(s)
		}
		if slices.Contains(known, s) {
			return "", ""
		}
		remedy := "known are " + strings.Join(known, ", ")
		if near := spelling.Nearest(s, known); near != "" {
			remedy = "did you mean " + near + "? " + remedy
		}
		return strconv.Quote(clip(s)) + " is no known " + kind, remedy
	}
}

// checkName judges a name that stands in URLs, logs and labels.
func checkName(s string) (problem, remedy string) {
	const advice = "use up to 128 letters, digits, dots, dashes and underscores"
	if s == "" {
		return "is empty", advice
	}
	if len(s) > longestName || checkWord(s) != "" {
		return strconv.Quote(clip(s)) + " is not a usable name", advice
	}
	return "", ""
}

// checkWord names the first character that a plain word does not have, "" for a plain word.
func checkWord(s string) string {
	for _, c := range s {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
		if !plain {
			return string(c)
		}
	}
	return ""
}

// checkKeyName keeps the names of replicated keys apart from those that mean something else in the audit log.
func checkKeyName(s string) (problem, remedy string) {
	if problem, remedy := checkName(s); problem != "" {
		return problem, remedy
	}
	if strings.HasPrefix(s, "local-") || slices.Contains([]string{"anonymous", "cli", "leader"}, s) {
		return strconv.Quote(clip(s)) + " is a name that the audit log uses for others", "choose another name"
	}
	return "", ""
}

// checkURL judges the root of an upstream's API.
func checkURL(s string) (problem, remedy string) {
	u, err := url.Parse(s)
	switch {
	case len(s) > longestURL:
		return "is longer than 2048 bytes", ""
	case err != nil || u.Hostname() == "" || unprintable(s):
		return "is not a URL", "write one such as https://api.openai.com/v1"
	case u.User != nil:
		return "holds a user name or password", "give the key with api_key"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is not a URL with http or https", "write one such as https://api.openai.com/v1"
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "has a query or a fragment", "end it with its path"
	case strings.HasSuffix(s, "/"):
		return "ends in a slash", "remove it"
	}
	return "", ""
}

// checkModel judges a model's name, which may end in "*".
func checkModel(s string) (problem, remedy string) {
	if s == "" {
		return "is empty", "remove it"
	}
	if len(s) > longestModel || unprintable(s) {
		return "is not a usable name of a model", "use up to 256 characters without control characters"
	}
	if star := strings.IndexByte(s, '*'); star >= 0 && star != len(s)-1 {
		return strconv.Quote(clip(s)) + " has a * that is not at its end", "only a name's end may be open, such as gpt-4o*"
	}
	return "", ""
}

// checkSecret judges a secret without telling anything of it.
func checkSecret(s string) (problem, remedy string) {
	limit := longestSecret
	if strings.HasPrefix(s, sealedPrefix) {
		limit *= 2 // Base64 makes it a third longer.
	}
	if len(s) > limit {
		return "is too long for a key", ""
	}
	if s != strings.TrimSpace(s) || unprintable(s) {
		return "has white space around it or holds a control character", "remove it"
	}
	return "", ""
}

// checkClientKey judges a key that clients send in a header.
func checkClientKey(s string) (problem, remedy string) {
	if problem, remedy := checkSecret(s); problem != "" {
		return problem, remedy
	}
	if s == "" {
		return "is empty", "give the key in plaintext; the cluster seals it"
	}
	if strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "has characters that clients cannot send in a header", "use letters, digits and punctuation of ASCII"
	}
	return "", ""
}

func unprintable(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}
