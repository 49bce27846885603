package relay

import (
	"strings"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// route finds the pool for a request and the model's name as the upstream shall see it. The first of these that
// applies decides for the model, or for what the cluster's aliases make of it, and what it finds, or does not find, is final:
//
//  1. the provider that the request names beside the model, by path or header;
//  2. the model's whole name, if an instance lists it letter by letter;
//  3. the provider in front of the model's first "/", if it is one;
//  4. the instances that list the model;
//  5. the providers of the settings in their order, with the first that has an instance for the model.
//
// The second keeps names like "openai/gpt-oss-120b", which some upstreams have, apart from "provider/model".
func (t *Table) route(s surface, provider, model string) (*pool, string, *dialect.Error) {
	model, _ = providers.Alias(t.aliases, model)
	r := t.surfaces[s]
	if r == nil {
		return nil, "", refuseSurface(s)
	}
	if provider != "" {
		return t.within(r, s, providers.Canonical(provider), model)
	}
	if p := r.listed.exact[model]; p != nil {
		return p, model, nil
	}
	if prefix, rest, split := strings.Cut(model, "/"); split && rest != "" {
		if name := providers.Canonical(prefix); t.known[name] {
			return t.within(r, s, name, rest)
		}
	}
	if p := r.listed.find(model); p != nil {
		return p, model, nil
	}
	for _, sc := range r.defaults {
		if p := sc.find(model); p != nil {
			return p, model, nil
		}
	}
	return nil, "", t.refuse(s, model)
}

// within finds the pool for the model among the instances of one provider, given by its canonical name.
func (t *Table) within(r *routes, s surface, provider, model string) (*pool, string, *dialect.Error) {
	if sc := r.byProvider[provider]; sc != nil {
		if p := sc.find(model); p != nil {
			return p, model, nil
		}
	}
	return nil, "", t.refuseWithin(s, provider, model)
}
