package fsm

import (
	"bytes"
	"cmp"
	"maps"
	"reflect"
	"slices"
)

// ConfigChange is the payload of ConfigApply. It is accepted or refused as a whole. No name may occur twice in a table.
type ConfigChange struct {
	// Settings replace the settings, nil leaves them as they are.
	Settings *Settings `json:"settings,omitempty"`
	// Instances are added, or replace those of the same name.
	Instances []Instance `json:"instances,omitempty"`
	// DeletedInstances are names of instances that exist.
	DeletedInstances []string `json:"deleted_instances,omitempty"`
	// ClientKeys are added, or replace those of the same name.
	ClientKeys []ClientKey `json:"client_keys,omitempty"`
	// DeletedClientKeys are names of client keys that exist.
	DeletedClientKeys []string `json:"deleted_client_keys,omitempty"`
}

// Rollback is the payload of ConfigRollback.
type Rollback struct {
	// Revision is one of View.Revisions.
	Revision uint64 `json:"revision"`
}

// Configuration is all that a revision counts.
type Configuration struct {
	Settings Settings
	// Instances are sorted by name.
	Instances []Instance
	// ClientKeys are sorted by name.
	ClientKeys []ClientKey
}

func (d *draft) applyConfig(p ConfigChange) *Rejection {
	if r := d.checkChange(p); r != nil {
		return r
	}
	d.change(p.normal())
	return nil
}

// rollBack changes the configuration by what takes back all that came after the revision.
func (d *draft) rollBack(p Rollback) *Rejection {
	back, ok := d.next.changeBackTo(p.Revision)
	if !ok {
		return reject(RejectedNotFound, "revision %d is not kept, those from %d to %d are", p.Revision, d.next.firstKept(), d.next.Revision)
	}
	d.change(back)
	return nil
}

// change makes a change that was judged, in its normal form, and counts it if anything differs.
func (d *draft) change(p ConfigChange) {
	p = d.next.reduce(p)
	if p.Settings == nil && len(p.Instances)+len(p.DeletedInstances)+len(p.ClientKeys)+len(p.DeletedClientKeys) == 0 {
		return
	}
	if p.Settings != nil {
		d.setSettings(*p.Settings)
	}
	d.changeInstances(p.Instances, p.DeletedInstances)
	for _, name := range p.DeletedClientKeys {
		d.deleteClientKey(name)
	}
	for _, k := range p.ClientKeys {
		d.setClientKey(k)
	}
	d.next.Revision++
}

// reduce drops what a change in its normal form would leave as it is. It may write to the change's lists.
func (v *View) reduce(p ConfigChange) ConfigChange {
	if p.Settings != nil && sameSettings(*p.Settings, v.Settings) {
		p.Settings = nil
	}
	p.Instances = slices.DeleteFunc(p.Instances, func(in Instance) bool {
		old, ok := v.Instance(in.Name)
		return ok && reflect.DeepEqual(old, in)
	})
	p.DeletedInstances = slices.DeleteFunc(p.DeletedInstances, func(name string) bool {
		_, ok := v.Instance(name)
		return !ok
	})
	p.ClientKeys = slices.DeleteFunc(p.ClientKeys, func(k ClientKey) bool {
		old, ok := v.ClientKey(k.Name)
		return ok && bytes.Equal(old.Key, k.Key)
	})
	p.DeletedClientKeys = slices.DeleteFunc(p.DeletedClientKeys, func(name string) bool {
		_, ok := v.ClientKey(name)
		return !ok
	})
	return p
}

// changeInstances sets and deletes any number of instances in one pass over the table. Both lists are sorted.
func (d *draft) changeInstances(set []Instance, gone []string) {
	if len(set)+len(gone) == 0 {
		return
	}
	old := d.next.Instances
	merged := make([]Instance, 0, len(old)+len(set))
	for len(old)+len(set) > 0 {
		order := -1
		switch {
		case len(old) == 0:
			order = 1
		case len(set) > 0:
			order = cmp.Compare(old[0].Name, set[0].Name)
		}
		if order > 0 {
			d.undoNewInstance(set[0])
		}
		if order >= 0 {
			d.instances = append(d.instances, set[0].Name)
			merged = append(merged, set[0])
		}
		switch {
		case order == 0:
			d.undoInstance(old[0], &set[0])
		case order < 0 && sortedHas(&gone, old[0].Name):
			d.instances = append(d.instances, old[0].Name)
			d.undoInstance(old[0], nil)
		case order < 0:
			merged = append(merged, old[0])
		}
		if order >= 0 {
			set = set[1:]
		}
		if order <= 0 {
			old = old[1:]
		}
	}
	d.next.Instances, d.ownInstances = merged, true
}

// sortedHas tells whether the sorted list holds name, and drops what is before it: names are asked for in their order.
func sortedHas(list *[]string, name string) bool {
	for len(*list) > 0 && (*list)[0] < name {
		*list = (*list)[1:]
	}
	return len(*list) > 0 && (*list)[0] == name
}

func (d *draft) setClientKey(k ClientKey) {
	i, found := findClientKey(d.next.ClientKeys, k.Name)
	d.noteClientKey(k.Name)
	if found {
		d.undoClientKey(d.next.ClientKeys[i], "replaced")
		d.next.ClientKeys[i] = k
		return
	}
	if d.recording {
		d.undo.DeletedClientKeys = append(d.undo.DeletedClientKeys, k.Name)
		d.tell("client key %s: added", k.Name)
	}
	d.next.ClientKeys = slices.Insert(d.next.ClientKeys, i, k)
}

func (d *draft) deleteClientKey(name string) {
	i, found := findClientKey(d.next.ClientKeys, name)
	if !found {
		return
	}
	d.noteClientKey(name)
	d.undoClientKey(d.next.ClientKeys[i], "deleted")
	d.next.ClientKeys = slices.Delete(d.next.ClientKeys, i, i+1)
}

func (d *draft) noteClientKey(name string) {
	if !d.ownClientKeys {
		d.next.ClientKeys = slices.Clone(d.next.ClientKeys)
		d.ownClientKeys = true
	}
	d.clientKeys = append(d.clientKeys, name)
}

// undoInstance notes that the instance old is replaced by another one, or deleted.
func (d *draft) undoInstance(old Instance, by *Instance) {
	if !d.recording {
		return
	}
	d.undo.Instances = append(d.undo.Instances, old)
	d.tellInstance(old, by)
}

func (d *draft) undoNewInstance(in Instance) {
	if !d.recording {
		return
	}
	d.undo.DeletedInstances = append(d.undo.DeletedInstances, in.Name)
	d.tell("instance %s: added, %s, weight %d", in.Name, in.Provider, in.Weight)
}

func (d *draft) undoClientKey(old ClientKey, what string) {
	if !d.recording {
		return
	}
	d.undo.ClientKeys = append(d.undo.ClientKeys, old)
	d.tell("client key %s: %s", old.Name, what)
}

// normal returns the change with sorted lists and values in their normal form. The receiver stays as it is.
func (c ConfigChange) normal() ConfigChange {
	if c.Settings != nil {
		s := normalSettings(*c.Settings)
		c.Settings = &s
	}
	c.Instances = slices.Clone(c.Instances)
	for i := range c.Instances {
		c.Instances[i] = normalInstance(c.Instances[i])
	}
	c.DeletedInstances, c.DeletedClientKeys = slices.Clone(c.DeletedInstances), slices.Clone(c.DeletedClientKeys)
	c.ClientKeys = slices.Clone(c.ClientKeys)
	slices.SortFunc(c.Instances, func(a, b Instance) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.ClientKeys, func(a, b ClientKey) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(c.DeletedInstances)
	slices.Sort(c.DeletedClientKeys)
	return c
}

func sameSettings(a, b Settings) bool {
	return a.LoadBalancer == b.LoadBalancer && slices.Equal(a.ModelProviders, b.ModelProviders) &&
		maps.Equal(a.ModelAliases, b.ModelAliases) && a.Translation == b.Translation
}
