package fsm

// maxClientKeys bounds the table of client keys: every request's key is compared with them.
const maxClientKeys = 1000

// checkChange judges a change of the configuration against its own rules and the tables.
func (d *draft) checkChange(p ConfigChange) *Rejection {
	if p.Settings != nil {
		if r := checkSettings(*p.Settings); r != nil {
			return r
		}
	}
	if r := d.checkChangedInstances(p); r != nil {
		return r
	}
	return d.checkChangedKeys(p)
}

func (d *draft) checkChangedInstances(p ConfigChange) *Rejection {
	seen := make(map[string]bool, len(p.Instances)+len(p.DeletedInstances))
	for i := range p.Instances {
		if r := checkInstance(p.Instances[i]); r != nil {
			return r
		}
		if r := checkOnce("instance", p.Instances[i].Name, seen); r != nil {
			return r
		}
	}
	for _, name := range p.DeletedInstances {
		if r := checkName("instance name", name); r != nil {
			return r
		}
		if r := checkOnce("instance", name, seen); r != nil {
			return r
		}
		if _, ok := d.next.Instance(name); !ok {
			return reject(RejectedNotFound, "there is no instance named %s", name)
		}
	}
	return nil
}

func (d *draft) checkChangedKeys(p ConfigChange) *Rejection {
	seen := make(map[string]bool, len(p.ClientKeys)+len(p.DeletedClientKeys))
	count := len(d.next.ClientKeys) - len(p.DeletedClientKeys)
	for _, k := range p.ClientKeys {
		if r := checkClientKey(k, seen); r != nil {
			return r
		}
		if _, ok := d.next.ClientKey(k.Name); !ok {
			count++
		}
	}
	for _, name := range p.DeletedClientKeys {
		if r := checkName("name of a client key", name); r != nil {
			return r
		}
		if r := checkOnce("client key", name, seen); r != nil {
			return r
		}
		if _, ok := d.next.ClientKey(name); !ok {
			return reject(RejectedNotFound, "there is no client key named %s", name)
		}
	}
	if count > maxClientKeys {
		return tooManyKeys(count)
	}
	return nil
}

func checkClientKey(k ClientKey, seen map[string]bool) *Rejection {
	if r := checkName("name of a client key", k.Name); r != nil {
		return r
	}
	if len(k.Key) == 0 {
		return reject(RejectedInvalid, "the client key %s is empty", k.Name)
	}
	if len(k.Key) > maxSealed {
		return reject(RejectedInvalid, "the sealed client key %s is longer than %d bytes", k.Name, maxSealed)
	}
	return checkOnce("client key", k.Name, seen)
}

// checkOnce refuses a name that was seen before in the same change.
func checkOnce(what, name string, seen map[string]bool) *Rejection {
	if seen[name] {
		return reject(RejectedInvalid, "the %s %s occurs twice", what, name)
	}
	seen[name] = true
	return nil
}

func tooManyKeys(count int) *Rejection {
	return reject(RejectedInvalid, "there would be %d client keys, more than %d", count, maxClientKeys)
}
