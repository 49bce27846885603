package document

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiproxy/providers"
)

const (
	longestCA      = 64 << 10
	longestTimeout = 24 * time.Hour
)

// checkAuth judges the kind of a credential.
func checkAuth(s string) (problem, remedy string) {
	known := []string{string(providers.AuthKey), string(providers.AuthBearer), string(providers.AuthOAuth)}
	if slices.Contains(known, s) {
		return "", ""
	}
	return strconv.Quote(clip(s)) + " is no kind of credential", "known are bearer and oauth; leave it out for an API key"
}

func checkWordOption(s string) (problem, remedy string) {
	if len(s) > longestModel || unprintable(s) || strings.ContainsAny(s, " \t") {
		return "is too long or has white space or control characters", "copy it as the provider shows it"
	}
	return "", ""
}

// CheckHeader judges the name of a header field that is sent to an upstream. The problem is empty for a good one.
func CheckHeader(name string) (problem, remedy string) {
	if problem, _ := checkName(name); problem != "" {
		return strconv.Quote(clip(name)) + " is not the name of a header", "use letters, digits and dashes"
	}
	switch strings.ToLower(name) {
	case "host", "content-length", "transfer-encoding", "connection", "accept-encoding", "upgrade", "te", "trailer", "keep-alive":
		return strconv.Quote(name) + " belongs to the connection", "remove it"
	}
	return "", ""
}

// CheckProxy judges the URL of a proxy. The problem is empty for a good one.
func CheckProxy(s string) (problem, remedy string) {
	const advice = "write one such as http://proxy:3128 or socks5://proxy:1080"
	if s == "" {
		return "", ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || len(s) > longestURL || unprintable(s) {
		return "is not a URL", advice
	}
	if _, has := u.User.Password(); has {
		return "holds a password", "give it with proxy_password"
	}
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return "is not the URL of an HTTP or SOCKS5 proxy", advice
	}
	return "", ""
}

// CheckCA judges certificates in PEM. The problem is empty for good ones.
func CheckCA(s string) (problem, remedy string) {
	switch {
	case s == "":
		return "", ""
	case len(s) > longestCA:
		return "is longer than 64 KiB", "leave out what the upstream's certificate does not need"
	case !x509.NewCertPool().AppendCertsFromPEM([]byte(s)):
		return "holds no certificate", "give certificates in PEM"
	}
	return "", ""
}

func checkTimeout(s string) (problem, remedy string) {
	d, err := time.ParseDuration(s)
	if s != "" && (err != nil || d < time.Millisecond || d > longestTimeout) {
		return strconv.Quote(clip(s)) + " is no time from 1ms to 24h", "write one such as 30s"
	}
	return "", ""
}
