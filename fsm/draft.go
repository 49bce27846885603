package fsm

import (
	"slices"
	"time"
)

// draft is the next View while a batch is applied to it. It copies a table when the first change to it comes, so the
// base stays as it is, and it notes which rows changed, so that the mirror need not look for them.
type draft struct {
	next *View
	// at is the leader's clock of the command being applied.
	at time.Time

	// recording is set where the command being applied enters the audit trail if it changes something. summary is what
	// it changed, undo what takes that back.
	recording bool
	summary   summary
	undo      ConfigChange

	ownInstances  bool
	ownMembers    bool
	ownClientKeys bool
	ownHistory    bool

	settingsChanged bool
	instances       []string
	members         []string
	clientKeys      []string
}

func newDraft(base *View) *draft {
	return &draft{next: &View{
		Index: base.Index, Term: base.Term, ConfigurationIndex: base.ConfigurationIndex, Revision: base.Revision,
		ClusterID: base.ClusterID, FeatureLevel: base.FeatureLevel, SealCheck: base.SealCheck,
		Settings: base.Settings, Instances: base.Instances, Members: base.Members, ClientKeys: base.ClientKeys,
		memory: base.memory, audit: base.audit, history: base.history,
	}}
}

func (d *draft) setSettings(s Settings) {
	if old := d.next.Settings; d.recording {
		d.undo.Settings = &old
		d.tellSettings(old, s)
	}
	d.next.Settings = s
	d.settingsChanged = true
}

func (d *draft) setInstance(in Instance) {
	i, found := findInstance(d.next.Instances, in.Name)
	d.noteInstance(in.Name)
	if found {
		d.undoInstance(d.next.Instances[i], &in)
		d.next.Instances[i] = in
		return
	}
	d.undoNewInstance(in)
	d.next.Instances = slices.Insert(d.next.Instances, i, in)
}

// deleteInstance tells whether there was such an instance.
func (d *draft) deleteInstance(name string) bool {
	i, found := findInstance(d.next.Instances, name)
	if !found {
		return false
	}
	d.noteInstance(name)
	d.undoInstance(d.next.Instances[i], nil)
	d.next.Instances = slices.Delete(d.next.Instances, i, i+1)
	return true
}

func (d *draft) setMember(m Member) {
	i, found := findMember(d.next.Members, m.ID)
	d.noteMember(m.ID)
	if found {
		d.next.Members[i] = m
		return
	}
	d.next.Members = slices.Insert(d.next.Members, i, m)
}

// deleteMember tells whether there was such a member.
func (d *draft) deleteMember(id string) bool {
	i, found := findMember(d.next.Members, id)
	if !found {
		return false
	}
	d.noteMember(id)
	d.next.Members = slices.Delete(d.next.Members, i, i+1)
	d.tell("node %s: removed", id)
	return true
}

// noteInstance makes the table this draft's own before it is written to, and marks the row as changed.
func (d *draft) noteInstance(name string) {
	if !d.ownInstances {
		d.next.Instances = slices.Clone(d.next.Instances)
		d.ownInstances = true
	}
	d.instances = append(d.instances, name)
}

func (d *draft) noteMember(id string) {
	if !d.ownMembers {
		d.next.Members = slices.Clone(d.next.Members)
		d.ownMembers = true
	}
	d.members = append(d.members, id)
}

// changedInstances returns the names of the instances set or deleted, sorted, each once.
func (d *draft) changedInstances() []string {
	slices.Sort(d.instances)
	return slices.Compact(d.instances)
}

// changedClientKeys returns the names of the client keys set or deleted, sorted, each once.
func (d *draft) changedClientKeys() []string {
	slices.Sort(d.clientKeys)
	return slices.Compact(d.clientKeys)
}

// changedMembers returns the IDs of the members set or deleted, sorted, each once.
func (d *draft) changedMembers() []string {
	slices.Sort(d.members)
	return slices.Compact(d.members)
}
