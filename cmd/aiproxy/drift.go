package main

import (
	"fmt"
	"reflect"
	"slices"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
)

// drift lists where what somebody configured on this node differs from what the cluster holds. The cluster's state
// wins; the list is for the operator. What is only a default here is no opinion and is not compared.
func drift(c *config.Config, s *secrets, v *fsm.View) []string {
	if v.ClusterID == "" {
		return nil // There is nothing to differ from yet.
	}
	var found []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	explicit := func(key string) bool { return c.Source(key).Explicit() }
	add(explicit("load_balancer.enabled") && c.LoadBalancer.Enabled != v.Settings.LoadBalancer.Enabled,
		"load_balancer.enabled: here %t, in the cluster %t", c.LoadBalancer.Enabled, v.Settings.LoadBalancer.Enabled)
	add(explicit("load_balancer.algorithm") && c.ServedAlgorithm() != v.Settings.LoadBalancer.Algorithm,
		"load_balancer.algorithm: here %s, in the cluster %s", c.ServedAlgorithm(), v.Settings.LoadBalancer.Algorithm)
	add(explicit("model_providers") && !slices.Equal(c.ModelProviders, v.Settings.ModelProviders),
		"model_providers: here %v, in the cluster %v", c.ModelProviders, v.Settings.ModelProviders)
	add(explicit("translation") && (c.Translation == fsm.TranslationStrict) != (v.Settings.Translation == fsm.TranslationStrict),
		"translation: here %s, in the cluster %q", c.Translation, v.Settings.Translation)
	named := namedInstances(c)
	for _, in := range named {
		found = append(found, instanceDrift(in, s, v)...)
	}
	if len(named) == 0 && !explicit("instances") {
		return found
	}
	here := make(map[string]bool, len(named))
	for i := range named {
		here[named[i].Name] = true
	}
	for i := range v.Instances {
		name := v.Instances[i].Name
		add(!here[name], "instance %s: only in the cluster, not here", name)
	}
	return found
}

func instanceDrift(in config.Instance, s *secrets, v *fsm.View) []string {
	held, ok := v.Instance(in.Name)
	if !ok {
		return []string{fmt.Sprintf("instance %s: only here, not in the cluster", in.Name)}
	}
	here, err := complete(in)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, field := range []struct {
		name            string
		here, inCluster any
	}{
		{"provider", here.Provider, held.Provider},
		{"base_url", here.BaseURL, held.BaseURL},
		{"models", here.Models, held.Models},
		{"weight", here.Weight, held.Weight},
		{"priority", here.Priority, held.Priority},
		{"enabled", here.Enabled, held.Enabled},
		{"auth", here.Auth, held.Options.Auth},
		{"project_id", here.ProjectID, held.Options.ProjectID},
		{"region", here.Region, held.Options.Region},
		{"proxy_url", here.ProxyURL, held.Options.ProxyURL},
		{"responses", here.Responses, held.Options.Responses},
	} {
		if !reflect.DeepEqual(field.here, field.inCluster) {
			found = append(found, fmt.Sprintf("instance %s: %s here %v, in the cluster %v", in.Name, field.name, field.here, field.inCluster))
		}
	}
	if key, err := s.openAPIKey(held.APIKey); err == nil && key != string(here.APIKey) {
		found = append(found, fmt.Sprintf("instance %s: api_key differs", in.Name))
	}
	return found
}
