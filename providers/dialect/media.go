package dialect

import "strings"

// mediaOf reads an address, which may be a data URL.
func mediaOf(url string) *Media {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		return &Media{URL: url}
	}
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return &Media{URL: url}
	}
	head, isBase64 := strings.CutSuffix(head, ";base64")
	if !isBase64 {
		return &Media{URL: url}
	}
	kind, _, _ := strings.Cut(head, ";")
	return &Media{Type: kind, Data: data}
}

// DataURL is the media's data as an address.
func (m *Media) DataURL() string {
	kind := m.Type
	if kind == "" {
		kind = "application/octet-stream"
	}
	return "data:" + kind + ";base64," + m.Data
}

// Address is the media's address, or its data as one.
func (m *Media) Address() string {
	if m.URL != "" {
		return m.URL
	}
	return m.DataURL()
}
