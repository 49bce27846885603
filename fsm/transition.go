package fsm

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// step is a decoded command, ready to be applied.
type step struct {
	// target is the name of what the command is about, empty where it is about the cluster as a whole.
	target string
	// run changes the draft, or leaves it as it is and returns why. It never does a part of its work.
	run func(*draft) *Rejection
	// level is the feature level that the cluster would have afterwards, 0 where the command leaves it as it is.
	level int
}

// parseStep decodes the payload of a command of type t. Its errors are not for the proposer: Encode has made sure
// that there are none, so a replica that sees one must stop.
func parseStep(t Type, payload json.RawMessage) (step, error) {
	if t.Level() == 0 {
		return step{}, fmt.Errorf("type %q: %w", shorten(string(t)), ErrUnknownType)
	}
	switch t {
	case ClusterInit:
		return bind(t, payload, func(p Init) step {
			return step{level: p.FeatureLevel, run: func(d *draft) *Rejection { return d.initCluster(p) }}
		})
	case SettingsSet:
		return bind(t, payload, func(p Settings) step {
			return step{run: func(d *draft) *Rejection { return d.replaceSettings(p) }}
		})
	case AlgorithmSet:
		return bind(t, payload, func(p AlgorithmChange) step {
			return step{run: func(d *draft) *Rejection { return d.changeAlgorithm(p) }}
		})
	case InstanceSet:
		return bind(t, payload, func(p Instance) step {
			return step{target: p.Name, run: func(d *draft) *Rejection { return d.putInstance(p) }}
		})
	case InstanceUpdate:
		return bind(t, payload, func(p InstanceChange) step {
			return step{target: p.Name, run: func(d *draft) *Rejection { return d.updateInstance(p) }}
		})
	case InstanceDelete:
		return bind(t, payload, func(p Name) step {
			return step{target: p.Name, run: func(d *draft) *Rejection { return d.removeInstance(p.Name) }}
		})
	case MemberSet:
		return bind(t, payload, func(p Member) step {
			return step{target: p.ID, run: func(d *draft) *Rejection { return d.putMember(p) }}
		})
	case MemberDelete:
		return bind(t, payload, func(p Name) step {
			return step{target: p.Name, run: func(d *draft) *Rejection { return d.removeMember(p.Name) }}
		})
	case ConfigApply:
		return bind(t, payload, func(p ConfigChange) step {
			return step{run: func(d *draft) *Rejection { return d.applyConfig(p) }}
		})
	case ConfigRollback:
		return bind(t, payload, func(p Rollback) step {
			return step{run: func(d *draft) *Rejection { return d.rollBack(p) }}
		})
	case ClusterReseal:
		return bind(t, payload, func(p Reseal) step {
			return step{run: func(d *draft) *Rejection { return d.reseal(p) }}
		})
	case LevelRaise:
		return bind(t, payload, func(p Level) step {
			return step{level: p.Level, run: func(d *draft) *Rejection { return d.raiseLevel(p) }}
		})
	}
	return step{}, fmt.Errorf("type %q: %w", shorten(string(t)), ErrUnknownType)
}

func bind[P any](t Type, payload json.RawMessage, use func(P) step) (step, error) {
	var p P
	if err := decodeStrict(payload, &p); err != nil {
		return step{}, fmt.Errorf("decode payload of %s: %w", t, err)
	}
	return use(p), nil
}

func (d *draft) initCluster(p Init) *Rejection {
	if r := checkName("cluster id", p.ClusterID); r != nil {
		return r
	}
	if id := d.next.ClusterID; id == p.ClusterID {
		return nil
	} else if id != "" {
		return reject(RejectedConflict, "the cluster is initialised already and has the id %s", id)
	}
	if r := checkInit(p); r != nil {
		return r
	}
	d.next.ClusterID, d.next.FeatureLevel, d.next.SealCheck = p.ClusterID, p.FeatureLevel, normal(p.SealCheck)
	first := ConfigChange{Settings: &p.Settings, Instances: p.Instances, ClientKeys: p.ClientKeys}.normal()
	d.setSettings(*first.Settings)
	d.changeInstances(first.Instances, nil)
	for _, k := range first.ClientKeys {
		d.setClientKey(k)
	}
	d.next.Revision++
	d.tell("cluster started, instances: %d, client keys: %d", len(p.Instances), len(p.ClientKeys))
	return nil
}

func checkInit(p Init) *Rejection {
	if p.FeatureLevel < 1 {
		return reject(RejectedInvalid, "the feature level %d is below 1", p.FeatureLevel)
	}
	if len(p.SealCheck) > maxSealed {
		return reject(RejectedInvalid, "the seal check is longer than %d bytes", maxSealed)
	}
	if r := checkSettings(p.Settings); r != nil {
		return r
	}
	names := make(map[string]bool, len(p.Instances))
	for _, in := range p.Instances {
		if r := checkInstance(in); r != nil {
			return r
		}
		if names[in.Name] {
			return reject(RejectedInvalid, "there are two instances named %s", in.Name)
		}
		names[in.Name] = true
	}
	return checkInitKeys(p)
}

func checkInitKeys(p Init) *Rejection {
	if len(p.ClientKeys) > 0 && p.FeatureLevel < historyLevel {
		return reject(RejectedInvalid, "client keys need feature level %d, not %d", historyLevel, p.FeatureLevel)
	}
	if len(p.ClientKeys) > maxClientKeys {
		return tooManyKeys(len(p.ClientKeys))
	}
	names := make(map[string]bool, len(p.ClientKeys))
	for _, k := range p.ClientKeys {
		if r := checkClientKey(k, names); r != nil {
			return r
		}
	}
	return nil
}

func (d *draft) replaceSettings(p Settings) *Rejection {
	if r := checkSettings(p); r != nil {
		return r
	}
	p = normalSettings(p)
	if sameSettings(p, d.next.Settings) {
		return nil
	}
	d.setSettings(p)
	d.next.Revision++
	return nil
}

func (d *draft) changeAlgorithm(p AlgorithmChange) *Rejection {
	if r := checkName("algorithm", p.Algorithm); r != nil {
		return r
	}
	s := d.next.Settings
	s.LoadBalancer.Algorithm = p.Algorithm
	return d.replaceSettings(s)
}

func (d *draft) putInstance(p Instance) *Rejection {
	if r := checkInstance(p); r != nil {
		return r
	}
	p = normalInstance(p)
	if old, ok := d.next.Instance(p.Name); ok && reflect.DeepEqual(old, p) {
		return nil
	}
	d.setInstance(p)
	d.next.Revision++
	return nil
}

func (d *draft) updateInstance(p InstanceChange) *Rejection {
	if r := checkName("instance name", p.Name); r != nil {
		return r
	}
	in, ok := d.next.Instance(p.Name)
	if !ok {
		return reject(RejectedNotFound, "there is no instance named %s", p.Name)
	}
	if p.Weight != nil {
		in.Weight = *p.Weight
	}
	if p.Enabled != nil {
		in.Enabled = *p.Enabled
	}
	return d.putInstance(in)
}

func (d *draft) removeInstance(name string) *Rejection {
	if r := checkName("instance name", name); r != nil {
		return r
	}
	if !d.deleteInstance(name) {
		return reject(RejectedNotFound, "there is no instance named %s", name)
	}
	d.next.Revision++
	return nil
}

// putMember keeps the time at which the member joined where the command does not say another.
func (d *draft) putMember(p Member) *Rejection {
	if r := checkMember(p, d.next.FeatureLevel); r != nil {
		return r
	}
	if p.JoinedAt.IsZero() {
		p.JoinedAt = d.at
		if old, ok := d.next.Member(p.ID); ok && old.InstanceID == p.InstanceID {
			p.JoinedAt = old.JoinedAt
		}
	}
	p.JoinedAt = p.JoinedAt.UTC()
	d.setMember(p)
	return nil
}

func (d *draft) removeMember(id string) *Rejection {
	if r := checkName("node id", id); r != nil {
		return r
	}
	if !d.deleteMember(id) {
		return reject(RejectedNotFound, "there is no node named %s", id)
	}
	return nil
}

// The normal forms make equal values of what reads the same after a trip through JSON, so that a state restored
// from a file equals the one it was written from.

func normalSettings(s Settings) Settings {
	if s.ModelProviders == nil {
		s.ModelProviders = []string{}
	}
	if len(s.ModelAliases) == 0 {
		s.ModelAliases = nil
	}
	if s.Translation == TranslationLenient {
		s.Translation = ""
	}
	return s
}

func normalInstance(in Instance) Instance {
	if len(in.Models) == 0 {
		in.Models = nil
	}
	in.APIKey = normal(in.APIKey)
	in.Options = normalOptions(in.Options)
	return in
}

func normal(s Sealed) Sealed {
	if len(s) == 0 {
		return nil
	}
	return s
}
