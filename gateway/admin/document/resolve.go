package document

import (
	"bytes"
	"cmp"
	"crypto/subtle"
	"slices"
	"strconv"

	"aiproxy/fsm"
)

// Sealer seals secrets for the cluster and opens those that it sealed.
type Sealer interface {
	// SealAPIKey seals the key of an instance.
	SealAPIKey(key string) fsm.Sealed
	// OpenAPIKey opens what SealAPIKey made. Its error says why it can't, without a secret.
	OpenAPIKey(sealed fsm.Sealed) (string, error)
	// SealClientKey seals a key that clients present.
	SealClientKey(key string) fsm.Sealed
	// OpenClientKey opens what SealClientKey made. Its error says why it can't, without a secret.
	OpenClientKey(sealed fsm.Sealed) (string, error)
}

// Resolve turns a document into the configuration that it asks for, all secrets sealed. A secret that is the same as
// the one held keeps its sealed form, so that a document that is written back as it was read changes nothing. The
// error is of type Faults: sealed secrets that can't be opened, and client keys that are there twice.
func Resolve(d Document, held fsm.Configuration, s Sealer) (fsm.Configuration, error) {
	r := resolver{}
	c := fsm.Configuration{
		Settings: fsm.Settings{
			LoadBalancer:   fsm.LoadBalancer{Enabled: d.Settings.LoadBalancer.Enabled, Algorithm: d.Settings.LoadBalancer.Algorithm},
			ModelProviders: append([]string{}, d.Settings.ModelProviders...),
			ModelAliases:   d.Settings.ModelAliases,
			Translation:    translation(d.Settings.Translation),
		},
		Instances:  make([]fsm.Instance, len(d.Instances)),
		ClientKeys: make([]fsm.ClientKey, len(d.ClientKeys)),
	}
	apiKeys := vault{seal: s.SealAPIKey, open: s.OpenAPIKey}
	for i, in := range d.Instances {
		before, _ := findInstance(held.Instances, in.Name)
		c.Instances[i] = fsm.Instance{
			Name: in.Name, Provider: in.Provider, BaseURL: in.BaseURL, Models: slices.Clone(in.Models),
			Weight: in.Weight, Priority: in.Priority, Enabled: in.Enabled,
			APIKey:  r.secret("instances["+strconv.Itoa(i)+"].api_key", in.APIKey, before.APIKey, apiKeys),
			Options: r.options("instances["+strconv.Itoa(i)+"]", in.Options, before.Options, apiKeys),
		}
	}
	clientKeys := vault{seal: s.SealClientKey, open: s.OpenClientKey}
	for i, key := range d.ClientKeys {
		before, _ := findClientKey(held.ClientKeys, key.Name)
		sealed := r.secret(keyPath(i), key.Key, before.Key, clientKeys)
		c.ClientKeys[i] = fsm.ClientKey{Name: key.Name, Key: sealed}
	}
	r.distinct(c.ClientKeys, clientKeys)
	if len(r.faults) > 0 {
		return fsm.Configuration{}, r.faults
	}
	sortConfiguration(c)
	return c, nil
}

func sortConfiguration(c fsm.Configuration) {
	slices.SortFunc(c.Instances, func(a, b fsm.Instance) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.ClientKeys, func(a, b fsm.ClientKey) int { return cmp.Compare(a.Name, b.Name) })
}

// SameAPIKey tells whether two sealed keys of instances are the same key, though they may be sealed differently.
func SameAPIKey(a, b fsm.Sealed, s Sealer) bool { return vault{open: s.OpenAPIKey}.same(a, b) }

// SameClientKey is SameAPIKey for keys that clients present.
func SameClientKey(a, b fsm.Sealed, s Sealer) bool { return vault{open: s.OpenClientKey}.same(a, b) }

// vault seals and opens secrets of one purpose.
type vault struct {
	seal func(string) fsm.Sealed
	open func(fsm.Sealed) (string, error)
}

func (v vault) same(a, b fsm.Sealed) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	one, err := v.open(a)
	if err != nil {
		return false
	}
	other, err := v.open(b)
	return err == nil && subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

type resolver struct{ faults Faults }

func (r *resolver) fault(path, problem, remedy string) {
	r.faults = append(r.faults, Fault{Path: path, Problem: problem, Remedy: remedy})
}

// secret returns the sealed form of a secret: the one held if it is the same secret.
func (r *resolver) secret(path string, s Secret, held fsm.Sealed, v vault) fsm.Sealed {
	if s == "" {
		return nil
	}
	sealed, is, err := s.sealed()
	if err != nil {
		r.fault(path, err.Error(), "copy the whole value, or give the key in plaintext")
		return nil
	}
	if is {
		return r.known(path, sealed, held, v)
	}
	if plain, err := v.open(held); err == nil && len(held) > 0 && subtle.ConstantTimeCompare([]byte(plain), []byte(s)) == 1 {
		return held
	}
	return v.seal(string(s))
}

// known returns a sealed secret that this cluster can open.
func (r *resolver) known(path string, sealed, held fsm.Sealed, v vault) fsm.Sealed {
	if bytes.Equal(sealed, held) && len(held) > 0 {
		return held
	}
	if len(sealed) == 0 {
		r.fault(path, "nothing follows "+strconv.Quote(sealedPrefix), "copy the whole value, or give the key in plaintext")
		return nil
	}
	plain, err := v.open(sealed)
	if err != nil {
		r.fault(path, "this cluster can't use the sealed value: "+err.Error(), "give the key in plaintext; the cluster seals it")
		return nil
	}
	if v.same(sealed, held) {
		return held
	}
	// An exported value may be sealed under a cluster secret that is about to go.
	return v.seal(plain)
}

// distinct faults client keys that are the same key: the audit log could not tell who it was.
func (r *resolver) distinct(keys []fsm.ClientKey, v vault) {
	first := make(map[string]int, len(keys))
	for i, key := range keys {
		plain, err := v.open(key.Key)
		if err != nil || len(key.Key) == 0 {
			continue // One that can't be opened has a fault, or is held and stays as it is.
		}
		if other, taken := first[plain]; taken {
			r.fault(keyPath(i), "is the same key as that of "+strconv.Quote(keys[other].Name), "give every name a key of its own")
			continue
		}
		first[plain] = i
	}
}

func keyPath(i int) string { return "client_keys[" + strconv.Itoa(i) + "].key" }

// findInstance looks up a name in instances that are sorted by it.
func findInstance(all []fsm.Instance, name string) (fsm.Instance, bool) {
	i, found := slices.BinarySearchFunc(all, name, func(in fsm.Instance, name string) int { return cmp.Compare(in.Name, name) })
	if !found {
		return fsm.Instance{}, false
	}
	return all[i], true
}

// findClientKey looks up a name in keys that are sorted by it.
func findClientKey(all []fsm.ClientKey, name string) (fsm.ClientKey, bool) {
	i, found := slices.BinarySearchFunc(all, name, func(k fsm.ClientKey, name string) int { return cmp.Compare(k.Name, name) })
	if !found {
		return fsm.ClientKey{}, false
	}
	return all[i], true
}

// translation is the setting as the state machine keeps it: lenient is none.
func translation(word string) string {
	if word == fsm.TranslationLenient {
		return ""
	}
	return word
}
