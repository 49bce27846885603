package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"aiproxy/gateway/spelling"
)

// Register adds a flag for every option that has one. The flags take any text: Load parses it, so that a bad value
// is reported together with every other fault.
func Register(fs *pflag.FlagSet) {
	for _, o := range options() {
		if o.Flag == "" {
			continue
		}
		fs.Var(&flagText{kind: o.value.kind(), byDefault: o.Default}, o.Flag, o.Help)
	}
}

// flagText keeps what a flag was given, each time it was.
type flagText struct {
	kind      string
	byDefault string
	given     []string
}

// Set keeps the text.
func (f *flagText) Set(text string) error {
	f.given = append(f.given, text)
	return nil
}

// String returns the default, for the help. What was given may be a secret.
func (f *flagText) String() string { return f.byDefault }

// Type names the kind of value in the help.
func (f *flagText) Type() string { return strings.TrimPrefix(f.kind, "list of ") }

// IsBoolFlag tells whether the flag may stand without a value, which then is true.
func (f *flagText) IsBoolFlag() bool { return f.kind == "bool" }

// ExplainFlagError adds the nearest name to the error about an unknown flag. It fits cobra's SetFlagErrorFunc; other
// errors come back as they are.
func ExplainFlagError(err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var known []string
	for _, o := range options() {
		if o.Flag != "" {
			known = append(known, o.Flag)
		}
	}
	if near := spelling.Nearest(unknown.GetSpecifiedName(), known); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}

// givenFlag returns what a flag was given, nil when it was not.
func givenFlag(fs *pflag.FlagSet, name string) []string {
	flag := fs.Lookup(name)
	if flag == nil || !flag.Changed {
		return nil
	}
	if own, ok := flag.Value.(*flagText); ok {
		return own.given
	}
	return nil
}
