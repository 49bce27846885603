package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"aiproxy/gateway/spelling"
)

func between(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return invalid(fmt.Sprintf("%d is out of range", n), fmt.Sprintf("give a number from %d to %d", low, high))
		}
		return nil
	}
}

func within(low, high float64) func(float64) error {
	return func(f float64) error {
		if f < low || f > high {
			return invalid(formatFloat(f)+" is out of range",
				fmt.Sprintf("give a number from %s to %s", formatFloat(low), formatFloat(high)))
		}
		return nil
	}
}

func lasting(low, high time.Duration) func(time.Duration) error {
	return func(d time.Duration) error {
		if d < low || d > high {
			return invalid(formatDuration(d)+" is out of range",
				fmt.Sprintf("give a duration from %s to %s", formatDuration(low), formatDuration(high)))
		}
		return nil
	}
}

// oneOf is the check of an enumeration. The report lists the known values, the nearest first when one is near.
func oneOf(known ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(known, s) {
			return nil
		}
		remedy := "known are " + strings.Join(known, ", ")
		if near := spelling.Nearest(s, known); near != "" {
			remedy = "did you mean " + near + "? " + remedy
		}
		return invalid(quote(s)+" is not known", remedy)
	}
}

// identifier is a name that is safe in a path, a header and a label.
func identifier(s string) error {
	if !identifierPattern.MatchString(s) {
		return invalid(quote(s)+" is not a usable name",
			"use 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit")
	}
	return nil
}

var identifierPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// hostOnly is a host name or IP address without a port.
func hostOnly(s string) error {
	if s == "" {
		return invalid("is empty", "give an address such as 127.0.0.1, or leave it out")
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if !hostPattern.MatchString(s) || strings.Trim(s, "0123456789.") == "" {
		return invalid(quote(s)+" is not a host", "give an IP address or a name, without a port")
	}
	return nil
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?$`)

// hostPort is a host and a port, as peers dial them. An empty host is left to the rules that need one.
func hostPort(s string) error {
	const remedy = "write host:port, such as 192.168.1.10:3000 or [::1]:3000"
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return invalid(addressText(s)+" is not an address", remedy)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return invalid(addressText(s)+" has no port from 1 to 65535", remedy)
	}
	if host != "" && hostOnly(host) != nil {
		return invalid(addressText(s)+" has no usable host", remedy)
	}
	return nil
}

// addressText shows an address, unless it is a URL that may hold a password.
func addressText(s string) string {
	if strings.Contains(s, "@") {
		return "the value"
	}
	return quote(s)
}

// namedHost is a hostPort that others can dial.
func namedHost(s string) error {
	if err := hostPort(s); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(s); unspecified(host) {
		return invalid(quote(s)+" names no host that can be dialled", "give the other node's own address")
	}
	return nil
}

// httpURL is the root of an upstream's API.
func httpURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return invalid("is not a URL", "write one such as https://api.openai.com/v1")
	case u.User != nil:
		return invalid("the URL holds a user name or password", "give the key with api_key")
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid(quote(u.Scheme)+" is not a usable scheme", "write http:// or https://")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return invalid("the URL has a query or a fragment", "end it with its path")
	}
	return nil
}

// modelPattern is a model's name that may end in "*".
func modelPattern(s string) error {
	if s == "" {
		return invalid("a model name is empty", "remove it")
	}
	if i := strings.IndexByte(s, '*'); i >= 0 && i != len(s)-1 {
		return invalid(quote(s)+" has a * that is not at its end", "only a name's end may be open, such as gpt-4o*")
	}
	return nil
}

// optional makes a check let the empty text pass.
func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

func notEmpty(s Secret) error {
	if s == "" {
		return invalid("is empty", "give a key, or leave the option out")
	}
	return nil
}

// unspecified tells whether an address' host means every address of the machine.
func unspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// hostOf is the host of an address that hostPort has let pass.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return n
}

// originOnly is the origin of a web page as browsers send it, or "*".
func originOnly(s string) error {
	u, err := url.Parse(s)
	if s == "*" || err == nil && u.Host != "" && s == u.Scheme+"://"+u.Host {
		return nil
	}
	return invalid(quote(s)+" is no origin of web pages", "write scheme and host, such as https://app.example.com, or *")
}
