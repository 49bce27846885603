package relay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aiproxy/fsm"
	"aiproxy/gateway/balance"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// surface is one inbound API: an operation in a dialect.
type surface struct {
	operation providers.Operation
	dialect   dialect.Name
}

// surfaces lists the inbound APIs that the gateway offers.
func surfaces() []surface {
	return []surface{
		{providers.Chat, dialect.OpenAIChat},
		{providers.Chat, dialect.OpenAIResponses},
		{providers.Chat, dialect.Anthropic},
		{providers.Chat, dialect.Gemini},
		{providers.Embeddings, dialect.OpenAIChat},
		{providers.Embeddings, dialect.Gemini},
		{providers.Completions, dialect.OpenAIChat},
		{providers.StoredResponse, dialect.OpenAIResponses},
	}
}

// routes are the ways of one surface, over the providers that support it.
type routes struct {
	// byProvider has the scope of each provider that has a target.
	byProvider map[string]*scope
	// listed is the scope of all instances that list their models.
	listed *scope
	// defaults are the scopes of the settings' providers, in their order.
	defaults []*scope
}

// Table answers which instances may serve a request. It is built from one view of the replicated state and never
// changes, so any number of goroutines may read it. The running state that it refers to, the balancer's cursors and
// the instances' counters, is carried over from table to table where what it belongs to is the same.
type Table struct {
	registry *providers.Registry
	// starting tells that the node has no configuration yet.
	starting bool
	surfaces map[surface]*routes
	// listing has every instance of the view, in order of priority and name.
	listing []listing
	known   map[string]bool
	targets []*target
	// aliases are the cluster's: other names for models, whatever the instance.
	aliases map[string]string
	// strict tells that the cluster refuses what a translation would drop.
	strict bool

	pools map[string]*pool
	loads map[string]*load
}

// standing says whether an instance takes traffic, and if not, why.
type standing uint8

const (
	serving standing = iota
	switchedOff
	weightless
	sealedShut
	notBuiltIn
)

// listing is an instance as it stands in the view.
type listing struct {
	instance fsm.Instance
	standing standing
}

// NewTable builds the table of a view. The function open turns a sealed credential into plaintext. The faults are
// what keeps single instances out of service or settings from being followed; the table is good without them.
func NewTable(v *fsm.View, open func(fsm.Sealed) (string, error), reg *providers.Registry) (*Table, []error) {
	return newTable(v, open, reg, nil)
}

// newTable builds the table of a view, with the running state of the table before, which may be nil.
func newTable(v *fsm.View, open func(fsm.Sealed) (string, error), reg *providers.Registry, before *Table) (*Table, []error) {
	t := &Table{
		registry: reg,
		starting: v.ClusterID == "",
		surfaces: make(map[surface]*routes),
		known:    make(map[string]bool),
		pools:    make(map[string]*pool),
		loads:    make(map[string]*load),
		aliases:  v.Settings.ModelAliases,
		strict:   v.Settings.Translation == fsm.TranslationStrict,
	}
	var faults []error
	algorithm := balance.First
	if v.Settings.LoadBalancer.Enabled {
		algorithm = v.Settings.LoadBalancer.Algorithm
		if !balance.Known(algorithm) {
			faults = append(faults, fmt.Errorf("balance by %s instead of %q: %w", balance.RoundRobin, algorithm, balance.ErrUnknownAlgorithm))
			algorithm = balance.RoundRobin
		}
	}
	faults = append(faults, t.addInstances(v.Instances, open, before)...)
	t.addNames()
	newPool := func(targets []*target) *pool { return t.pool(algorithm, targets, before) }
	for _, s := range surfaces() {
		t.surfaces[s] = t.newRoutes(s, v.Settings.ModelProviders, newPool)
	}
	return t, faults
}

// addInstances fills the listing and the targets.
func (t *Table) addInstances(instances []fsm.Instance, open func(fsm.Sealed) (string, error), before *Table) []error {
	var faults []error
	ordered := slices.Clone(instances)
	slices.SortStableFunc(ordered, func(a, b fsm.Instance) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Name, b.Name))
	})
	for _, in := range ordered {
		t.loads[in.Name] = loadOf(in.Name, before)
		state, err := t.addTarget(in, open)
		if err != nil {
			faults = append(faults, err)
		}
		t.listing = append(t.listing, listing{instance: in, standing: state})
	}
	return faults
}

func loadOf(name string, before *Table) *load {
	if before != nil && before.loads[name] != nil {
		return before.loads[name]
	}
	return new(load)
}

// addTarget adds the instance to the targets if it can take traffic.
func (t *Table) addTarget(in fsm.Instance, open func(fsm.Sealed) (string, error)) (standing, error) {
	provider, built := t.registry.Lookup(in.Provider)
	switch {
	case !built:
		return notBuiltIn, fmt.Errorf("leave out instance %s: provider %q is not built into this version", in.Name, in.Provider)
	case !in.Enabled:
		return switchedOff, nil
	case in.Weight <= 0:
		return weightless, nil
	}
	instance, err := openInstance(in, provider.Name(), open)
	if err != nil {
		return sealedShut, err
	}
	t.targets = append(t.targets, &target{
		instance: instance,
		provider: provider,
		load:     t.loads[in.Name],
		header:   []string{in.Name},
	})
	return serving, nil
}

// addNames notes every name that counts as a provider's in front of a model.
func (t *Table) addNames() {
	for _, name := range append(t.registry.Names(), providers.OpenAICustom, providers.ClaudeCustom,
		providers.GeminiCLI, providers.KiroAPI, providers.QwenAPI) {
		t.known[name] = true
	}
	for _, l := range t.listing {
		t.known[providers.Canonical(l.instance.Provider)] = true
	}
}

// newRoutes lays out one surface.
func (t *Table) newRoutes(s surface, defaults []string, newPool func([]*target) *pool) *routes {
	r := &routes{byProvider: make(map[string]*scope)}
	supported := make(map[string][]*target)
	var all []*target
	var names []string
	for _, target := range t.targets {
		if !target.provider.Supports(s.operation, s.dialect) {
			continue
		}
		name := target.instance.Provider
		if supported[name] == nil {
			names = append(names, name)
		}
		supported[name] = append(supported[name], target)
		all = append(all, target)
	}
	r.listed = newScope(all, false, newPool)
	for _, name := range names {
		r.byProvider[name] = newScope(supported[name], true, newPool)
	}
	if len(defaults) == 0 {
		defaults = names
	}
	for _, name := range defaults {
		if sc := r.byProvider[providers.Canonical(name)]; sc != nil {
			r.defaults = append(r.defaults, sc)
		}
	}
	return r
}

// pool returns the pool of the targets: one that this table has already, one with the running state of the table
// before if that had the same candidates, else a new one.
func (t *Table) pool(algorithm string, targets []*target, before *Table) *pool {
	candidates := make([]balance.Candidate, len(targets))
	var b strings.Builder
	b.WriteString(algorithm)
	for i, target := range targets {
		in := target.instance
		candidates[i] = balance.Candidate{Name: in.Name, Weight: in.Weight, Priority: in.Priority}
		fmt.Fprintf(&b, " %q %d %d", in.Name, in.Weight, in.Priority)
	}
	key := b.String()
	if p := t.pools[key]; p != nil {
		return p
	}
	p := &pool{targets: targets}
	if before != nil && before.pools[key] != nil {
		p.set = before.pools[key].set
	} else {
		set, err := balance.New(algorithm, candidates)
		if err != nil {
			panic("relay: lay out a known algorithm: " + err.Error())
		}
		p.set = set
	}
	t.pools[key] = p
	return p
}

// Instances returns the instances that take traffic, in order of priority and name. The slice is the caller's, the
// instances are shared and immutable.
func (t *Table) Instances() []*providers.Instance {
	list := make([]*providers.Instance, len(t.targets))
	for i, target := range t.targets {
		list[i] = target.instance
	}
	return list
}

// Load returns what this node has sent to the instance, and whether the table has one of that name.
func (t *Table) Load(instance string) (Load, bool) {
	l := t.loads[instance]
	if l == nil {
		return Load{}, false
	}
	return l.read(), true
}
