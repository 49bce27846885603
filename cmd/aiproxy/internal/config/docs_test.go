package config_test

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"aiproxy/cmd/aiproxy/internal/config"
)

const (
	referencePath = "../../../../docs/configuration.md"
	examplePath   = "../../../../docs/config.example.yaml"
)

//go:embed testdata/configuration.md.tmpl
var referenceTemplate string

// TestDocuments compares the documents with what follows from the table of options, or writes them anew.
func TestDocuments(t *testing.T) {
	golden(t, referencePath, reference(t))
	golden(t, examplePath, example())
}

// section is a heading of the reference with the options below it.
type section struct {
	Title   string
	Options []row
}

// row is an option as a line of a table.
type row struct{ Flag, Key, Env, Type, Default, Help string }

func reference(t *testing.T) []byte {
	t.Helper()
	var sections []section
	titles := map[string]string{"": "General", "tls": "TLS", "websocket": "WebSocket", "load_balancer": "Load balancer", "openai": "OpenAI"}
	index := make(map[string]int)
	for _, o := range config.Options() {
		group, _, nested := strings.Cut(o.Key, ".")
		if !nested {
			group = ""
		}
		if _, ok := index[group]; !ok {
			title := titles[group]
			if title == "" {
				title = strings.ToUpper(group[:1]) + group[1:]
			}
			index[group] = len(sections)
			sections = append(sections, section{Title: title})
		}
		at := &sections[index[group]].Options
		*at = append(*at, cells(o))
	}
	var instance []row
	for _, o := range config.InstanceOptions() {
		instance = append(instance, cells(o))
	}
	var out bytes.Buffer
	parsed := template.Must(template.New("reference").Parse(referenceTemplate))
	if err := parsed.Execute(&out, map[string]any{"Sections": sections, "Instance": instance}); err != nil {
		t.Fatal(err)
	}
	// A cell that is empty leaves two spaces.
	return bytes.ReplaceAll(out.Bytes(), []byte("|  |"), []byte("| |"))
}

func cells(o config.Option) row {
	var env []string
	for _, name := range o.Env {
		env = append(env, code(name))
	}
	r := row{Key: code(o.Key), Env: strings.Join(env, ", "), Type: o.Type, Default: code(o.Default), Help: o.Help}
	if o.Flag != "" {
		r.Flag = code("--" + o.Flag)
	}
	if o.Default == "" {
		r.Default = o.DefaultNote
	}
	if o.Secret {
		r.Type += ", secret"
	}
	if o.Pending != "" {
		r.Help += ". *To come, with " + o.Pending + "*"
	}
	return r
}

// code marks a literal, and leaves nothing as it is.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// sentence makes an option's help a sentence.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// example is a file with every key at its default, each one commented out.
func example() []byte {
	var out strings.Builder
	out.WriteString("# Every setting of aiproxy at its default. Remove the # of a line to change its value.\n" +
		"# Written by `go generate`; docs/configuration.md says more about each one.\n")
	group := ""
	for _, o := range config.Options() {
		if o.Key == "" {
			continue
		}
		indent, key := "", o.Key
		if g, rest, nested := strings.Cut(o.Key, "."); nested {
			indent, key = "  ", rest
			if g != group {
				group = g
				fmt.Fprintf(&out, "\n%s:\n", g)
			}
		} else {
			out.WriteString("\n")
		}
		note := o.Help
		if o.DefaultNote != "" {
			note += " (default: " + o.DefaultNote + ")"
		}
		if o.Pending != "" {
			note += ". To come, with " + o.Pending
		}
		fmt.Fprintf(&out, "%s# %s\n%s#%s\n", indent, sentence(note), indent, strings.ReplaceAll(exampleValue(key, o), "\n", "\n"+indent+"#"))
	}
	return []byte(out.String())
}

// exampleValue is a key with its default, or with a value to imitate where there is none.
func exampleValue(key string, o config.Option) string {
	value := o.Default
	switch o.Key {
	case "host":
		value = "127.0.0.1"
	case "api_key":
		value = "${GATEWAY_API_KEY}"
	case "model_providers":
		value = "[openai-custom]"
	case "instances":
		return "instances:\n  - {name: openai-a, provider: openai-custom, api_key: ${OPENAI_API_KEY}, weight: 3, models: [gpt-4o*]}\n" +
			"  - {name: local, provider: openai-custom, base_url: http://127.0.0.1:8080/v1, priority: 1}"
	case "model_aliases":
		value = "{fast: gpt-4o-mini}"
	case "openai.api_key":
		value = "${OPENAI_API_KEY}"
	case "cluster.node_id":
		value = "node1"
	case "cluster.node_address":
		value = "192.168.1.10:3000"
	case "cluster.seed_nodes":
		value = "[192.168.1.11:3000, 192.168.1.12:3000]"
	case "data_dir":
		value = "aiproxy-data/node1"
	}
	if value == "" {
		value = `""`
	}
	return key + ": " + value
}

// TestExample loads the example as it stands, which must change nothing, and with every line in effect.
func TestExample(t *testing.T) {
	t.Parallel()
	text := string(example())
	asItStands := mustLoad(t, []string{"--config", written(t, text)}, nil)
	for _, o := range config.Options() {
		if o.Key != "" && asItStands.Source(o.Key).Explicit() {
			t.Errorf("the example sets %s", o.Key)
		}
	}
	inEffect := regexp.MustCompile(`(?m)^( *)#([a-z_]+:|  - )`).ReplaceAllString(text, "$1$2")
	c := mustLoad(t, []string{"--config", written(t, inEffect)}, map[string]string{"GATEWAY_API_KEY": "a-long-enough-api-key", "OPENAI_API_KEY": "sk-1"})
	for _, o := range config.Options() {
		if o.Key != "" && !c.Source(o.Key).Explicit() {
			t.Errorf("the example does not show %s", o.Key)
		}
	}
}
