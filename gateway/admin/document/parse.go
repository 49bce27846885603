package document

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"aiproxy/fsm"
	"aiproxy/providers"
)

// Rules are the names that a document may use. An empty list allows every well-formed name, for a reader that does not
// know what the cluster's nodes can do.
type Rules struct {
	Algorithms []string
	Providers  []string
}

// Allowing returns the rules with the names that a configuration in force uses: what a node of another version put
// there must not keep an operator from writing something else.
func (r Rules) Allowing(c fsm.Configuration) Rules {
	r.Algorithms = withNames(r.Algorithms, c.Settings.LoadBalancer.Algorithm)
	r.Providers = withNames(r.Providers, c.Settings.ModelProviders...)
	for i := range c.Instances {
		r.Providers = withNames(r.Providers, c.Instances[i].Provider)
	}
	return r
}

// withNames returns known with the names that it lacks. An empty list stays empty: it allows all.
func withNames(known []string, names ...string) []string {
	if len(known) == 0 {
		return known
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			known = append(slices.Clip(known), name)
		}
	}
	return known
}

// Parse reads a document in JSON or YAML. The error is of type Faults and tells every mistake. Whether its sealed
// secrets can be opened is judged by Resolve.
func Parse(text []byte, rules Rules) (Document, error) {
	root, fault := tree(text)
	if fault != nil {
		return Document{}, Faults{*fault}
	}
	r := &reader{rules: rules}
	d := r.document(root)
	if len(r.faults) > 0 {
		return Document{}, r.faults
	}
	return d, nil
}

func (r *reader) document(n *yaml.Node) Document {
	d := Document{Instances: []Instance{}, ClientKeys: []ClientKey{}}
	names, keys := make(map[string]string), make(map[string]string)
	r.mapping(n, "",
		field{"revision", false, func(n *yaml.Node, path string) { r.revision(&d.Revision, n, path) }},
		field{"settings", true, func(n *yaml.Node, path string) { r.settings(&d.Settings, n, path) }},
		field{"instances", true, func(n *yaml.Node, path string) {
			r.list(n, path, func(n *yaml.Node, path string) {
				in := r.instance(n, path)
				r.unique(n, path+".name", in.Name, names)
				d.Instances = append(d.Instances, in)
			})
		}},
		field{"client_keys", true, func(n *yaml.Node, path string) {
			r.list(n, path, func(n *yaml.Node, path string) {
				key := r.clientKey(n, path)
				r.unique(n, path+".name", key.Name, keys)
				d.ClientKeys = append(d.ClientKeys, key)
			})
		}},
	)
	return d
}

// revision reads what the cluster wrote into a document. It is not judged: it has no effect.
func (r *reader) revision(into *uint64, n *yaml.Node, path string) {
	var err error
	if *into, err = strconv.ParseUint(n.Value, 10, 64); err != nil {
		r.fault(n, path, "is not a revision", "leave it out")
	}
}

func (r *reader) settings(s *Settings, n *yaml.Node, path string) {
	r.mapping(n, path,
		field{"load_balancer", true, func(n *yaml.Node, path string) {
			r.mapping(n, path,
				field{"enabled", true, r.boolean(&s.LoadBalancer.Enabled)},
				field{"algorithm", true, r.text(&s.LoadBalancer.Algorithm, oneOf("algorithm", r.rules.Algorithms))},
			)
		}},
		field{"model_providers", true, r.texts(&s.ModelProviders, r.provider)},
		field{"model_aliases", false, r.aliases(&s.ModelAliases)},
		field{"translation", false, r.text(&s.Translation, oneOf("translation", []string{fsm.TranslationLenient, fsm.TranslationStrict}))},
	)
	for i, name := range s.ModelProviders {
		s.ModelProviders[i] = providers.Canonical(name)
	}
}

func (r *reader) instance(n *yaml.Node, path string) Instance {
	in := Instance{Weight: 1, Enabled: true}
	r.mapping(n, path, append(r.options(&in.Options),
		field{"name", true, r.text(&in.Name, checkName)},
		field{"provider", true, r.text(&in.Provider, r.provider)},
		field{"base_url", true, r.text(&in.BaseURL, checkURL)},
		field{"api_key", false, r.secret(&in.APIKey)},
		field{"models", false, r.texts(&in.Models, checkModel)},
		field{"weight", false, r.number(&in.Weight, 0, mostWeight)},
		field{"priority", false, r.number(&in.Priority, 0, mostPriority)},
		field{"enabled", false, r.boolean(&in.Enabled)},
	)...)
	in.Provider = providers.Canonical(in.Provider)
	return in
}

func (r *reader) clientKey(n *yaml.Node, path string) ClientKey {
	var key ClientKey
	r.mapping(n, path,
		field{"name", true, r.text(&key.Name, checkKeyName)},
		field{"key", true, r.text((*string)(&key.Key), checkClientKey)},
	)
	return key
}

// unique faults a name that an earlier item has.
func (r *reader) unique(n *yaml.Node, path, name string, seen map[string]string) {
	if name == "" {
		return // It has a fault already.
	}
	if first, taken := seen[name]; taken {
		r.fault(n, path, fmt.Sprintf("is the name of %s too", first), "choose another name")
		return
	}
	seen[name] = path[:len(path)-len(".name")]
}

// provider is the check of a provider's name or alias.
func (r *reader) provider(name string) (problem, remedy string) {
	if problem, remedy := checkName(name); problem != "" {
		return problem, remedy
	}
	return oneOf("provider", r.rules.Providers)(providers.Canonical(name))
}

// Recognise tells whether the text is meant to be a document, rather than the configuration file of a node.
func Recognise(text []byte) bool {
	root, fault := tree(text)
	if fault != nil || target(root).Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i].Value; key == "settings" || key == "client_keys" {
			return true
		}
	}
	return false
}
