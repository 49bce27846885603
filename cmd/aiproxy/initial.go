package main

import (
	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
)

// initial turns a node's configuration into the first configuration of a new cluster.
func initial(c *config.Config, s *secrets, clusterID string) fsm.Init {
	first := fsm.Init{
		ClusterID:    clusterID,
		FeatureLevel: fsm.FeatureLevel,
		Settings:     settings(c),
		SealCheck:    s.ring.Seal([]byte(sealCheck), sealCheckPurpose),
	}
	for _, in := range c.ServedInstances() {
		record := instance(in)
		record.APIKey = s.sealAPIKey(in.APIKey)
		first.Instances = append(first.Instances, record)
	}
	return first
}

func settings(c *config.Config) fsm.Settings {
	return fsm.Settings{
		LoadBalancer:   fsm.LoadBalancer{Enabled: c.LoadBalancer.Enabled, Algorithm: c.ServedAlgorithm()},
		ModelProviders: c.ServedProviders(),
	}
}

// instance is the configured instance as the cluster records it, without its key.
func instance(in config.Instance) fsm.Instance {
	return fsm.Instance{
		Name: in.Name, Provider: in.Provider, BaseURL: in.BaseURL, Models: in.Models,
		Weight: in.Weight, Priority: in.Priority, Enabled: in.Enabled,
	}
}
