package fsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// head is the part of the state that has no table of its own.
type head struct {
	Index         uint64 `json:"index"`
	Term          uint64 `json:"term"`
	Configuration uint64 `json:"configuration_index,omitempty"`
	ClusterID     string `json:"cluster_id"`
	FeatureLevel  int    `json:"feature_level"`
	Revision      uint64 `json:"revision"`
	SealCheck     Sealed `json:"seal_check,omitempty"`
}

func headOf(v *View) head {
	return head{
		Index: v.Index, Term: v.Term, Configuration: v.ConfigurationIndex, ClusterID: v.ClusterID,
		FeatureLevel: v.FeatureLevel, Revision: v.Revision, SealCheck: v.SealCheck,
	}
}

// row is one line of the state's canonical form. Exactly one field is set.
type row struct {
	Head     *head       `json:"head,omitempty"`
	Settings *Settings   `json:"settings,omitempty"`
	Instance *Instance   `json:"instance,omitempty"`
	Member   *Member     `json:"member,omitempty"`
	Key      *remembered `json:"key,omitempty"`
	// The rows of feature level 2.
	ClientKey *ClientKey `json:"client_key,omitempty"`
	Change    *Change    `json:"change,omitempty"`
	Revision  *kept      `json:"revision,omitempty"`
}

// tables returns how many fields are set.
func (r row) tables() int {
	n := 0
	for _, set := range []bool{
		r.Head != nil, r.Settings != nil, r.Instance != nil, r.Member != nil, r.Key != nil, r.historic(),
	} {
		if set {
			n++
		}
	}
	return n
}

// historic tells whether the row is one that came with feature level 2.
func (r row) historic() bool { return r.ClientKey != nil || r.Change != nil || r.Revision != nil }

// writeRows writes the canonical form of the state: one JSON document a line, always in the same order.
func writeRows(w io.Writer, h head, v *View) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(row{Head: &h}); err != nil {
		return err
	}
	if err := enc.Encode(row{Settings: &v.Settings}); err != nil {
		return err
	}
	for i := range v.Instances {
		if err := enc.Encode(row{Instance: &v.Instances[i]}); err != nil {
			return err
		}
	}
	for i := range v.Members {
		if err := enc.Encode(row{Member: &v.Members[i]}); err != nil {
			return err
		}
	}
	for i := range v.memory {
		if err := enc.Encode(row{Key: &v.memory[i]}); err != nil {
			return err
		}
	}
	return writeHistoricRows(w, enc, v)
}

// writeHistoricRows writes what came with feature level 2. There is none of it in a state of level 1.
func writeHistoricRows(w io.Writer, enc *json.Encoder, v *View) error {
	for i := range v.ClientKeys {
		if err := enc.Encode(row{ClientKey: &v.ClientKeys[i]}); err != nil {
			return err
		}
	}
	for i := range v.audit {
		if err := enc.Encode(row{Change: &v.audit[i]}); err != nil {
			return err
		}
	}
	for _, k := range v.history {
		if err := k.writeTo(w); err != nil {
			return err
		}
	}
	return nil
}

// assembly puts a View together from rows that were read from a file, and judges each as it comes.
type assembly struct {
	view     View
	headed   bool
	settings bool
}

func (a *assembly) add(r row) error {
	switch {
	case r.tables() != 1:
		return fmt.Errorf("there is a row of %d tables", r.tables())
	case r.Head != nil:
		return a.addHead(*r.Head)
	case !a.headed:
		return errors.New("the first row is not the head")
	case r.Settings != nil:
		if a.settings {
			return errors.New("there are two rows of settings")
		}
		a.settings = true
		a.view.Settings = *r.Settings
	case r.Instance != nil:
		return a.addInstance(*r.Instance)
	case r.Member != nil:
		return a.addMember(*r.Member)
	case r.Key != nil:
		return a.addKey(*r.Key)
	case r.historic():
		return a.addHistoric(r)
	}
	return nil
}

func (a *assembly) addHead(h head) error {
	if a.headed {
		return errors.New("there are two heads")
	}
	if h.FeatureLevel > FeatureLevel {
		return fmt.Errorf("it needs feature level %d and this build has %d: %w", h.FeatureLevel, FeatureLevel, ErrFeatureLevel)
	}
	a.headed = true
	v := &a.view
	v.Index, v.Term, v.ConfigurationIndex, v.ClusterID = h.Index, h.Term, h.Configuration, h.ClusterID
	v.FeatureLevel, v.Revision, v.SealCheck = h.FeatureLevel, h.Revision, h.SealCheck
	return nil
}

func (a *assembly) addInstance(in Instance) error {
	if n := len(a.view.Instances); n > 0 && strings.Compare(a.view.Instances[n-1].Name, in.Name) >= 0 {
		return fmt.Errorf("instance %s is out of order", shorten(in.Name))
	}
	a.view.Instances = append(a.view.Instances, in)
	return nil
}

func (a *assembly) addMember(m Member) error {
	if n := len(a.view.Members); n > 0 && strings.Compare(a.view.Members[n-1].ID, m.ID) >= 0 {
		return fmt.Errorf("member %s is out of order", shorten(m.ID))
	}
	m.JoinedAt = m.JoinedAt.UTC()
	a.view.Members = append(a.view.Members, m)
	return nil
}

func (a *assembly) addKey(r remembered) error {
	if r.Index > a.view.Index {
		return fmt.Errorf("the idempotency key of entry %d is beyond the head's index %d", r.Index, a.view.Index)
	}
	if n := len(a.view.memory); n > 0 && a.view.memory[n-1].Index >= r.Index {
		return fmt.Errorf("the idempotency key of entry %d is out of order", r.Index)
	}
	a.view.memory = append(a.view.memory, r)
	return nil
}

// done returns the assembled View.
func (a *assembly) done() (*View, error) {
	if !a.headed {
		return nil, errors.New("there is no head")
	}
	if !a.settings {
		return nil, errors.New("there are no settings")
	}
	if extra := len(a.view.memory) - memorySize; extra > 0 {
		a.view.memory = a.view.memory[extra:]
	}
	if err := a.endHistory(); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(a.view.memory))
	for _, r := range a.view.memory {
		if seen[r.Key] {
			return nil, fmt.Errorf("the idempotency key of entry %d occurs twice", r.Index)
		}
		seen[r.Key] = true
	}
	return &a.view, nil
}
