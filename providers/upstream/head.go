package upstream

import (
	"net/http"
	"strings"
)

// parseHead reads a response's head, status line to empty line. The strings of the header share one copy of it.
func parseHead(raw []byte, resp *http.Response) error {
	head := string(raw)
	line, rest := cutLine(head)
	if err := parseStatusLine(line, resp); err != nil {
		return err
	}
	fields := strings.Count(rest, "\n") - 1
	var err error
	resp.Header, err = parseFields(rest, fields)
	return err
}

// parseStatusLine accepts "HTTP/1.0" and "HTTP/1.1" alone; the reason may be missing.
func parseStatusLine(line string, resp *http.Response) error {
	const prefix = "HTTP/1."
	if len(line) < len("HTTP/1.1 200") || line[:len(prefix)] != prefix || line[8] != ' ' {
		return malformed("status line")
	}
	minor := line[7]
	if minor != '0' && minor != '1' {
		return malformed("protocol version")
	}
	code := 0
	for i := 9; i < 12; i++ {
		if line[i] < '0' || line[i] > '9' {
			return malformed("status code")
		}
		code = code*10 + int(line[i]-'0')
	}
	if code < 100 || len(line) > 12 && line[12] != ' ' || !validValue(line[12:]) {
		return malformed("status code")
	}
	resp.Proto, resp.ProtoMajor, resp.ProtoMinor = line[:8], 1, int(minor-'0')
	resp.StatusCode, resp.Status = code, line[9:]
	return nil
}

// parseFields reads field lines up to the empty one. Folded lines and space before the colon are refused: both have
// been used to make two readers see two different messages.
func parseFields(s string, count int) (http.Header, error) {
	header := make(http.Header, count)
	values := make([]string, count)
	for {
		line, rest := cutLine(s)
		if line == "" {
			return header, nil
		}
		s = rest
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, malformed("header line without a colon")
		}
		if name, ok = canonicalName(name); !ok {
			return nil, malformed("header name")
		}
		value = strings.Trim(value, " \t")
		if !validValue(value) {
			return nil, malformed("control character in a header")
		}
		if earlier, ok := header[name]; ok {
			header[name] = append(earlier, value)
			continue
		}
		values[0] = value
		header[name], values = values[:1:1], values[1:]
	}
}

// cutLine splits off the first line, which ends in LF or CRLF, without its end.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}
