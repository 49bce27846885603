package relay

import (
	"fmt"
	"maps"
	"slices"

	"aiproxy/fsm"
	"aiproxy/providers"
)

// openInstance is the instance as providers know it, its secrets opened. The name is its provider's canonical one.
func openInstance(in fsm.Instance, provider string, open func(fsm.Sealed) (string, error)) (*providers.Instance, error) {
	o := &in.Options
	opened := &providers.Instance{
		Name: in.Name, Provider: provider, BaseURL: in.BaseURL, Models: servedModels(in), Weight: in.Weight, Priority: in.Priority,
		Auth: providers.Auth(o.Auth), ProjectID: o.ProjectID, Region: o.Region, ProfileARN: o.ProfileARN,
		ProxyURL: o.ProxyURL, CA: o.CA, FirstByteTimeout: o.FirstByteTimeout, IdleTimeout: o.IdleTimeout,
		ModelAliases: maps.Clone(o.ModelAliases), Responses: o.Responses,
	}
	secret := func(what string, sealed fsm.Sealed) (providers.Secret, error) {
		if len(sealed) == 0 {
			return "", nil
		}
		text, err := open(sealed)
		if err != nil {
			return "", fmt.Errorf("leave out instance %s: open its %s: %w", in.Name, what, err)
		}
		return providers.Secret(text), nil
	}
	var err error
	if opened.APIKey, err = secret("API key", in.APIKey); err != nil {
		return nil, err
	}
	if opened.ProxyPassword, err = secret("proxy password", o.ProxyPassword); err != nil {
		return nil, err
	}
	for name, sealed := range o.Headers {
		value, err := secret("header "+name, sealed)
		if err != nil {
			return nil, err
		}
		if opened.Headers == nil {
			opened.Headers = make(map[string]providers.Secret, len(o.Headers))
		}
		opened.Headers[name] = value
	}
	return opened, nil
}

// servedModels are the models that an instance lists, under the names that clients use too. One that lists none serves
// every name anyway.
func servedModels(in fsm.Instance) []string {
	models := slices.Clone(in.Models)
	if len(models) == 0 {
		return models
	}
	for _, alias := range slices.Sorted(maps.Keys(in.Options.ModelAliases)) {
		if !slices.Contains(models, alias) {
			models = append(models, alias)
		}
	}
	return models
}

// of returns the limits for calls of the instance, which may have its own.
func (l limits) of(in *providers.Instance) limits {
	if in.FirstByteTimeout > 0 {
		l.firstByte = in.FirstByteTimeout
	}
	if in.IdleTimeout > 0 {
		l.idle = in.IdleTimeout
	}
	return l
}
