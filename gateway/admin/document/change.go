package document

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"aiproxy/fsm"
)

// Change is the one command that leads from the configuration held to the one wanted. Both are sorted as a view is.
func Change(held, wanted fsm.Configuration) fsm.ConfigChange {
	var c fsm.ConfigChange
	if held.Settings.LoadBalancer != wanted.Settings.LoadBalancer ||
		!slices.Equal(held.Settings.ModelProviders, wanted.Settings.ModelProviders) ||
		!maps.Equal(held.Settings.ModelAliases, wanted.Settings.ModelAliases) ||
		held.Settings.Translation != wanted.Settings.Translation {
		c.Settings = &wanted.Settings
	}
	merge(held.Instances, wanted.Instances, func(in fsm.Instance) string { return in.Name }, func(name string, from, to *fsm.Instance) {
		switch {
		case to == nil:
			c.DeletedInstances = append(c.DeletedInstances, name)
		case from == nil || !sameInstance(*from, *to):
			c.Instances = append(c.Instances, *to)
		}
	})
	merge(held.ClientKeys, wanted.ClientKeys, func(k fsm.ClientKey) string { return k.Name }, func(name string, from, to *fsm.ClientKey) {
		switch {
		case to == nil:
			c.DeletedClientKeys = append(c.DeletedClientKeys, name)
		case from == nil || !bytes.Equal(from.Key, to.Key):
			c.ClientKeys = append(c.ClientKeys, *to)
		}
	})
	return c
}

func sameInstance(a, b fsm.Instance) bool {
	return a.Provider == b.Provider && a.BaseURL == b.BaseURL && slices.Equal(a.Models, b.Models) &&
		a.Weight == b.Weight && a.Priority == b.Priority && a.Enabled == b.Enabled && bytes.Equal(a.APIKey, b.APIKey) &&
		reflect.DeepEqual(a.Options, b.Options)
}
