package config

import "strings"

// Option describes one setting: how it is given, what it is by default and what it means.
type Option struct {
	// Flag is the name without dashes, empty for an option that only the file can hold.
	Flag string
	// Env are the names in the environment, the first that is set wins. The first one follows from the flag.
	Env []string
	// Key is the path in the file, such as "cache.ttl_seconds", empty for an option that the file cannot hold.
	Key string
	// Type is the kind of value, such as "bool" or "list of strings".
	Type string
	// Default is the value when nobody gives one, as text.
	Default string
	// DefaultNote describes a default that depends on other settings.
	DefaultNote string
	// Help is one sentence without its full stop.
	Help string
	// Secret values are never shown.
	Secret bool
	// Pending names the capability that the option belongs to when this build does not have it yet.
	Pending string
}

// name identifies the option in reports.
func (o Option) name() string {
	if o.Key == "" {
		return o.Flag
	}
	return o.Key
}

// group is the key of the mapping in the file that holds the option, empty for the top level.
func (o Option) group() string {
	group, _, nested := strings.Cut(o.Key, ".")
	if !nested {
		return ""
	}
	return group
}

// option is a row of a table: a description and the field of S that it fills.
type option[S any] struct {
	Option
	value value[S]
}

// Options returns the table of options in the order of the documentation.
func Options() []Option { return describe(options()) }

// InstanceOptions returns the settings of one entry of "instances". Their keys are those inside the entry.
func InstanceOptions() []Option { return describe(instanceOptions()) }

func describe[S any](table []option[S]) []Option {
	all := make([]Option, len(table))
	for i, o := range table {
		all[i] = o.Option
		if o.value != nil {
			all[i].Type = o.value.kind()
		}
	}
	return all
}

// environmentName is the name that follows from a flag's.
func environmentName(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

const environmentPrefix = "AIPROXY_"
