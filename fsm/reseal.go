package fsm

// Reseal is the payload of ClusterReseal.
type Reseal struct {
	// SealCheck replaces View.SealCheck.
	SealCheck Sealed `json:"seal_check"`
	// Instances and ClientKeys are those whose secret is replaced. They must exist.
	Instances  []Resealed `json:"instances,omitempty"`
	ClientKeys []Resealed `json:"client_keys,omitempty"`
}

// Resealed is a secret that was sealed anew.
type Resealed struct {
	// Name is that of the instance or client key.
	Name string `json:"name"`
	// Field tells which of an instance's secrets it is, as Instance.Secrets names them.
	Field  string `json:"field,omitempty"`
	Sealed Sealed `json:"sealed"`
}

// reseal replaces the form of secrets and leaves what they are: the configuration keeps its revision. Earlier revisions
// are forgotten, because they hold secrets in the form that must go.
func (d *draft) reseal(p Reseal) *Rejection {
	if r := d.checkReseal(p); r != nil {
		return r
	}
	d.recording = false
	for _, s := range p.Instances {
		in, _ := d.next.Instance(s.Name)
		d.setInstance(in.withSecret(s.Field, s.Sealed))
	}
	for _, s := range p.ClientKeys {
		d.setClientKey(ClientKey{Name: s.Name, Key: s.Sealed})
	}
	d.next.SealCheck = p.SealCheck
	d.next.history, d.ownHistory = nil, true
	d.tell("secrets sealed anew, instances: %d, client keys: %d", len(p.Instances), len(p.ClientKeys))
	return nil
}

func (d *draft) checkReseal(p Reseal) *Rejection {
	if r := checkSealed("the seal check", p.SealCheck); r != nil {
		return r
	}
	for _, s := range p.Instances {
		in, ok := d.next.Instance(s.Name)
		if !ok || len(in.Secrets()[s.Field]) == 0 {
			return reject(RejectedNotFound, "there is no instance named %s with a key", shorten(s.Name))
		}
		if r := checkSealed("the key of instance "+s.Name, s.Sealed); r != nil {
			return r
		}
	}
	for _, s := range p.ClientKeys {
		if _, ok := d.next.ClientKey(s.Name); !ok {
			return reject(RejectedNotFound, "there is no client key named %s", shorten(s.Name))
		}
		if r := checkSealed("client key "+s.Name, s.Sealed); r != nil {
			return r
		}
	}
	return nil
}

func checkSealed(what string, s Sealed) *Rejection {
	if len(s) == 0 || len(s) > maxSealed {
		return reject(RejectedInvalid, "%s takes %d bytes, 1 to %d are allowed", what, len(s), maxSealed)
	}
	return nil
}
