package config

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// value ties an option to the field of S that holds it. Every source gives a value as text; this is the one place
// where text becomes a typed value and a typed value text.
type value[S any] interface {
	// kind names the type, for help and documentation.
	kind() string
	// list tells whether the option takes several values.
	list() bool
	// set parses and checks the texts and stores the outcome. S stays as it was when there is an error.
	set(s *S, texts []string) error
	// texts returns what the field holds. Secrets are masked.
	texts(s *S) []string
}

// codec turns one value into text and back.
type codec[T any] struct {
	kind   string
	parse  func(string) (T, error)
	format func(T) string
}

func (c codec[T]) checked(text string, checks []func(T) error) (T, error) {
	v, err := c.parse(text)
	if err != nil {
		return v, err
	}
	for _, check := range checks {
		if err := check(v); err != nil {
			return v, err
		}
	}
	return v, nil
}

// scalar is an option with one value.
type scalar[S, T any] struct {
	codec[T]
	field  func(*S) *T
	checks []func(T) error
}

func (v scalar[S, T]) kind() string { return v.codec.kind }
func (v scalar[S, T]) list() bool   { return false }

func (v scalar[S, T]) set(s *S, texts []string) error {
	parsed, err := v.checked(texts[len(texts)-1], v.checks)
	if err != nil {
		return err
	}
	*v.field(s) = parsed
	return nil
}

func (v scalar[S, T]) texts(s *S) []string { return []string{v.format(*v.field(s))} }

// sequence is an option with any number of values.
type sequence[S, T any] struct {
	codec[T]
	field  func(*S) *[]T
	checks []func(T) error
}

func (v sequence[S, T]) kind() string { return "list of " + v.codec.kind + "s" }
func (v sequence[S, T]) list() bool   { return true }

func (v sequence[S, T]) set(s *S, texts []string) error {
	all := make([]T, 0, len(texts))
	for _, text := range texts {
		parsed, err := v.checked(text, v.checks)
		if err != nil {
			return err
		}
		all = append(all, parsed)
	}
	*v.field(s) = all
	return nil
}

func (v sequence[S, T]) texts(s *S) []string {
	all := *v.field(s)
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = v.format(one)
	}
	return texts
}

func boolean[S any](field func(*S) *bool) value[S] {
	return scalar[S, bool]{codec[bool]{"bool", parseBool, strconv.FormatBool}, field, nil}
}

func integer[S any](field func(*S) *int, checks ...func(int) error) value[S] {
	return scalar[S, int]{codec[int]{"int", parseInt, strconv.Itoa}, field, checks}
}

func number[S any](field func(*S) *float64, checks ...func(float64) error) value[S] {
	return scalar[S, float64]{codec[float64]{"number", parseFloat, formatFloat}, field, checks}
}

func duration[S any](field func(*S) *time.Duration, checks ...func(time.Duration) error) value[S] {
	return scalar[S, time.Duration]{codec[time.Duration]{"duration", parseDuration, formatDuration}, field, checks}
}

// seconds is a duration that is shown as a plain number.
func seconds[S any](field func(*S) *time.Duration, checks ...func(time.Duration) error) value[S] {
	format := func(d time.Duration) string { return formatFloat(d.Seconds()) }
	return scalar[S, time.Duration]{codec[time.Duration]{"seconds", parseDuration, format}, field, checks}
}

func text[S any](field func(*S) *string, checks ...func(string) error) value[S] {
	return scalar[S, string]{textCodec, field, checks}
}

func texts[S any](field func(*S) *[]string, checks ...func(string) error) value[S] {
	return sequence[S, string]{textCodec, field, checks}
}

func secret[S any](field func(*S) *Secret, checks ...func(Secret) error) value[S] {
	return scalar[S, Secret]{secretCodec, field, checks}
}

func secrets[S any](field func(*S) *[]Secret, checks ...func(Secret) error) value[S] {
	return sequence[S, Secret]{secretCodec, field, checks}
}

var (
	textCodec   = codec[string]{"string", parseText, func(s string) string { return s }}
	secretCodec = codec[Secret]{"string", parseSecret, Secret.String}
)

func parseText(s string) (string, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, isControl) {
		return "", invalid("holds a control character", "remove it")
	}
	return s, nil
}

func parseSecret(s string) (Secret, error) {
	if strings.ContainsFunc(s, isControl) || s != strings.TrimSpace(s) {
		return "", invalid("has white space around it or holds a control character", "remove it")
	}
	return Secret(s), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func parseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, invalid(quote(s)+" is neither true nor false", "write true or false")
}

func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0, invalid(quote(s)+" is not a whole number", "write digits only, such as 100")
	}
	return n, nil
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, invalid(quote(s)+" is not a number", "write a number such as 1.5")
	}
	return f, nil
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// parseDuration takes Go's notation or a plain number of seconds.
func parseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(math.Abs(f) < math.MaxInt64/float64(time.Second)) {
		return 0, invalid(quote(s)+" is not a duration", "write one such as 30s or 5m, or a number of seconds")
	}
	return time.Duration(f * float64(time.Second)), nil
}

// formatDuration drops the zero units that Go's own notation ends in: 5m rather than 5m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quote shows a value in a message, cut to a length that fits on a line.
func quote(s string) string {
	const longest = 60
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return strconv.Quote(s)
}
