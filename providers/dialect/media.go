package dialect

import (
	"encoding/base64"
	"strings"
)

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

// Document is the document's text after its title and what it says about itself, for upstreams that take it as text.
func (m *Media) Document() string {
	return joinLines(joinLines(m.Name, m.Context), m.Text)
}

// FileName is the file's name, or one that tells its type.
func (m *Media) FileName() string {
	switch {
	case m.Name != "":
		return m.Name
	case mediaType(m) == "application/pdf":
		return "file.pdf"
	default:
		return "file"
	}
}

// Plain returns the media with the text that its data is, or itself if that is no text or no base64.
func (m *Media) Plain() *Media {
	if m.Data == "" || !strings.HasPrefix(m.Type, "text/") {
		return m
	}
	text, err := base64.StdEncoding.DecodeString(m.Data)
	if err != nil {
		return m
	}
	plain := *m
	plain.Text, plain.Data = string(text), ""
	return &plain
}

// Address is the media's address, or its data as one.
func (m *Media) Address() string {
	if m.URL != "" {
		return m.URL
	}
	return m.DataURL()
}
