package document_test

import (
	"fmt"
	"testing"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// large is a configuration of 10,000 instances.
func large() fsm.Configuration {
	c := configuration(newSealer())
	c.Instances = nil
	for i := range 10_000 {
		c.Instances = append(c.Instances, fsm.Instance{
			Name: fmt.Sprintf("instance-%05d", i), Provider: "openai-custom", BaseURL: "http://127.0.0.1:9/v1",
			Models: []string{"gpt-4o*"}, Weight: 1, Enabled: true, APIKey: fsm.Sealed(fmt.Sprintf("api %d %050d", i, i)),
		})
	}
	return c
}

// BenchmarkLarge reads, compares and writes 10,000 instances, which a node does once a request for the whole configuration.
func BenchmarkLarge(b *testing.B) {
	held := large()
	d := document.Of(held, 1)
	encodings := map[string]func() ([]byte, error){"json": d.JSON, "yaml": d.YAML}
	for name, encode := range encodings {
		text, err := encode()
		if err != nil {
			b.Fatal(err)
		}
		b.Run("encode-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("parse-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := document.Parse(text, rules.Allowing(held)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("resolve-and-compare", func(b *testing.B) {
		b.ReportAllocs()
		s := newSealer()
		for b.Loop() {
			wanted, err := document.Resolve(d, held, s)
			if err != nil {
				b.Fatal(err)
			}
			if len(document.Diff(held, wanted, s)) > 0 || len(document.Change(held, wanted).Instances) > 0 {
				b.Fatal("differs")
			}
		}
	})
}
