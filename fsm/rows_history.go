package fsm

import (
	"errors"
	"fmt"
)

// addHistoric adds a row that came with feature level 2.
func (a *assembly) addHistoric(r row) error {
	if a.view.FeatureLevel < historyLevel {
		return fmt.Errorf("there is a row of feature level %d in a state of level %d", historyLevel, a.view.FeatureLevel)
	}
	switch {
	case r.ClientKey != nil && r.Change == nil && r.Revision == nil:
		return a.addClientKey(*r.ClientKey)
	case r.Change != nil && r.ClientKey == nil && r.Revision == nil:
		return a.addChange(*r.Change)
	case r.Revision != nil && r.ClientKey == nil && r.Change == nil:
		return a.addRevision(r.Revision)
	}
	return errors.New("there is a row of several tables")
}

func (a *assembly) addClientKey(k ClientKey) error {
	if n := len(a.view.ClientKeys); n > 0 && a.view.ClientKeys[n-1].Name >= k.Name {
		return fmt.Errorf("client key %s is out of order", shorten(k.Name))
	}
	a.view.ClientKeys = append(a.view.ClientKeys, k)
	return nil
}

func (a *assembly) addChange(c Change) error {
	if n := len(a.view.audit); c.Index > a.view.Index || n > 0 && a.view.audit[n-1].Index >= c.Index {
		return fmt.Errorf("the audit of entry %d is out of order", c.Index)
	}
	c.At = c.At.UTC()
	a.view.audit = append(a.view.audit, c)
	return nil
}

func (a *assembly) addRevision(k *kept) error {
	n := len(a.view.history)
	switch {
	case k.Change.Index > a.view.Index || n > 0 && a.view.history[n-1].Change.Index >= k.Change.Index:
		return fmt.Errorf("the revision of entry %d is out of order", k.Change.Index)
	case n > 0 && a.view.history[n-1].Change.Revision+1 != k.Change.Revision:
		return fmt.Errorf("revision %d does not follow the one before it", k.Change.Revision)
	}
	if err := k.check(); err != nil {
		return fmt.Errorf("revision %d: %w", k.Change.Revision, err)
	}
	k.Change.At = k.Change.At.UTC()
	a.view.history = append(a.view.history, k)
	return nil
}

// endHistory drops what the rows of a mirror hold too much, and makes sure that the revisions lead up to the current one.
func (a *assembly) endHistory() error {
	v := &a.view
	v.audit = v.audit[max(0, len(v.audit)-maxAudit):]
	v.history = trimHistory(v.history)
	if n := len(v.history); n > 0 && v.history[n-1].Change.Revision != v.Revision {
		return fmt.Errorf("the newest revision kept is %d and the current one %d", v.history[n-1].Change.Revision, v.Revision)
	}
	return nil
}
