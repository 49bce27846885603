package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Load reads the flags that Register added, the environment through getenv and the file that one of them names, and
// returns the effective configuration. The error is of type Faults and holds every fault; there is no configuration
// then.
func Load(fs *pflag.FlagSet, getenv func(string) (string, bool)) (*Config, error) {
	l := &loader{
		config: &Config{sources: make(map[string]Source)},
		table:  options(),
		flags:  fs,
		getenv: getenv,
		faulty: make(map[string]bool),
	}
	for _, o := range l.table {
		l.fromDefault(o)
	}
	isFile := func(o option[Config]) bool { return o.Flag == "config" }
	rest := slices.DeleteFunc(slices.Clone(l.table), isFile)
	for _, o := range l.table {
		if isFile(o) {
			l.fromEnvironment(o)
			l.fromFlag(o)
		}
	}
	l.fromFile(l.config.File)
	for _, o := range rest {
		l.fromEnvironment(o)
	}
	for _, o := range rest {
		l.fromFlag(o)
	}
	l.resolve()
	l.validate()
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	l.warn()
	return l.config, nil
}

// loader carries one Load. It applies the sources in ascending order of precedence.
type loader struct {
	config *Config
	table  []option[Config]
	flags  *pflag.FlagSet
	getenv func(string) (string, bool)
	faults Faults
	// faulty holds the keys that have a fault, of which no other is derived.
	faulty map[string]bool
	file   fileFacts
}

func (l *loader) fault(src Source, key, problem, remedy string) {
	l.faulty[key] = true
	l.faults = append(l.faults, Fault{Source: src, Key: key, Problem: problem, Remedy: remedy})
}

func (l *loader) faultError(src Source, key string, err error) {
	if bad, ok := errors.AsType[*valueError](err); ok {
		l.fault(src, key, bad.problem, bad.remedy)
		return
	}
	l.fault(src, key, err.Error(), "")
}

func (l *loader) fromDefault(o option[Config]) {
	l.config.sources[o.name()] = Source{}
	if o.Default == "" {
		return
	}
	if err := o.value.set(l.config, []string{o.Default}); err != nil {
		l.faultError(Source{}, o.name(), err)
	}
}

// fromEnvironment takes the first of the option's names that is set. An empty variable counts as not set, because
// that is how composed environments leave one out.
func (l *loader) fromEnvironment(o option[Config]) {
	for _, name := range o.Env {
		text, ok := l.getenv(name)
		if !ok || text == "" {
			continue
		}
		texts := []string{text}
		if o.value.list() {
			texts = splitList(texts)
		}
		l.set(o, Source{Origin: FromEnvironment, Name: name}, texts)
		return
	}
}

// fromFlag takes what the flag was given. Commas separate the values of a list, but not keys: each one is taken as
// it stands.
func (l *loader) fromFlag(o option[Config]) {
	if o.Flag == "" {
		return
	}
	texts := givenFlag(l.flags, o.Flag)
	if texts == nil {
		return
	}
	if o.value.list() && !o.Secret {
		texts = splitList(texts)
	}
	l.set(o, Source{Origin: FromFlag, Name: o.Flag}, texts)
}

func (l *loader) set(o option[Config], src Source, texts []string) {
	if err := o.value.set(l.config, texts); err != nil {
		l.faultError(src, reportedKey(o.Option, src), err)
		l.faulty[o.name()] = true
		return
	}
	l.config.sources[o.name()] = src
}

// reportedKey is the key to name beside the place: none when the place says it all.
func reportedKey(o Option, src Source) string {
	if src.Origin == FromFlag || src.Origin == FromEnvironment {
		return ""
	}
	return o.name()
}

// splitList separates values at commas and drops empty ones.
func splitList(texts []string) []string {
	var all []string
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}
