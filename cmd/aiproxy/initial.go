package main

import (
	"errors"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
)

// initial turns a node's configuration into the first configuration of a new cluster. Its error names the files that
// cannot be used.
func initial(c *config.Config, s *secrets, clusterID string) (fsm.Init, error) {
	d := document.Document{Settings: settings(c)}
	var faults []error
	for _, in := range c.Instances {
		one, err := complete(in)
		faults = append(faults, err)
		d.Instances = append(d.Instances, one)
	}
	if err := errors.Join(faults...); err != nil {
		return fsm.Init{}, err
	}
	first, err := document.Resolve(d, fsm.Configuration{}, sealer{s})
	if err != nil {
		return fsm.Init{}, err
	}
	return fsm.Init{
		ClusterID: clusterID, FeatureLevel: fsm.FeatureLevel, Settings: first.Settings, Instances: first.Instances,
		SealCheck: s.ring.Seal([]byte(sealCheck), sealCheckPurpose),
	}, nil
}

func settings(c *config.Config) document.Settings {
	return document.Settings{
		LoadBalancer:   document.LoadBalancer{Enabled: c.LoadBalancer.Enabled, Algorithm: c.ServedAlgorithm()},
		ModelProviders: c.ModelProviders,
		ModelAliases:   c.ModelAliases,
		Translation:    c.Translation,
	}
}
