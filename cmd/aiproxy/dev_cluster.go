package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// devCluster is the running nodes of a development cluster.
type devCluster struct {
	nodes []*devNode
	space *devSpace
	out   *prefixer
	// exits gets every node that has ended, once.
	exits chan *devNode
}

// stopTimeout bounds the wait for a node to end after SIGTERM.
const stopTimeout = 20 * time.Second

const (
	formTimeout = time.Minute
	formPoll    = 100 * time.Millisecond
)

// newDevCluster prepares the nodes: the first without seeds, each other with those before it, as the guide does.
func newDevCluster(o devOptions, space *devSpace, upstream *devUpstream, out *prefixer) (*devCluster, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	configPath := filepath.Join(space.dir, "config.yaml")
	if err := writeDevConfig(configPath, space, upstream); err != nil {
		return nil, err
	}
	c := &devCluster{space: space, out: out, exits: make(chan *devNode, o.nodes)}
	var seeds []string
	for i := range o.nodes {
		name, address := devNodeName(i), devAddress(o, i)
		args := []string{
			"--config", configPath, "--cluster-enabled", "--node-id", name, "--node-address", address,
			"--data-dir", filepath.Join(space.dir, name),
		}
		if len(seeds) > 0 {
			args = append(args, "--seed-nodes", strings.Join(seeds, ","))
		}
		c.nodes = append(c.nodes, &devNode{
			name: name, address: address, binary: binary, args: args, logPath: filepath.Join(space.dir, name+".log"),
		})
		seeds = append(seeds, address)
	}
	return c, nil
}

// form starts the nodes and waits until all of them vote and are ready. The first one starts the cluster, so the
// others wait for it; they could start before it as well, and would say that they wait.
func (c *devCluster) form(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, formTimeout)
	defer cancel()
	first, others := c.nodes[:1], c.nodes[1:]
	for _, group := range [][]*devNode{first, others} {
		for _, n := range group {
			if err := n.start(c.out, c.exits); err != nil {
				return err
			}
		}
		if err := c.await(ctx, func() bool { return c.ready(ctx, group) }); err != nil {
			return err
		}
	}
	return c.await(ctx, func() bool { return c.allVote(ctx) })
}

// await polls until the condition holds, ctx ends or a node does.
func (c *devCluster) await(ctx context.Context, condition func() bool) error {
	ticker := time.NewTicker(formPoll)
	defer ticker.Stop()
	for !condition() {
		select {
		case n := <-c.exits:
			return fmt.Errorf("%s ended while the cluster formed: its log is %s", n.name, n.logPath)
		case <-ctx.Done():
			return fmt.Errorf("the cluster did not form within %s: the nodes' logs are in %s", formTimeout, c.space.dir)
		case <-ticker.C:
		}
	}
	return nil
}

// writeDevConfig writes the file that all nodes share. It holds the API key, so only its owner may read it.
func writeDevConfig(path string, space *devSpace, upstream *devUpstream) error {
	type instance struct {
		Name     string `yaml:"name"`
		Provider string `yaml:"provider"`
		BaseURL  string `yaml:"base_url"`
	}
	file := struct {
		APIKey         string     `yaml:"api_key"`
		ModelProviders []string   `yaml:"model_providers"`
		Instances      []instance `yaml:"instances"`
	}{APIKey: space.apiKey, ModelProviders: []string{"openai-custom"}}
	for _, name := range devInstances() {
		file.Instances = append(file.Instances, instance{Name: name, Provider: "openai-custom", BaseURL: upstream.baseURL(name)})
	}
	raw, err := yaml.Marshal(file)
	if err != nil {
		return fmt.Errorf("encode the nodes' configuration: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("write the nodes' configuration: %w", err)
	}
	return nil
}

// stop ends all nodes as an operator would, and waits for them.
func (c *devCluster) stop() {
	var ended sync.WaitGroup
	for _, n := range c.nodes {
		ended.Go(func() { n.stop(stopTimeout) })
	}
	ended.Wait()
}

// ready tells whether each of the nodes is ready for traffic.
func (c *devCluster) ready(ctx context.Context, nodes []*devNode) bool {
	for _, n := range nodes {
		if !getJSON(ctx, "http://"+n.address+"/readyz", nil) {
			return false
		}
	}
	return true
}

// allVote asks the first node whether every node is a healthy voter.
func (c *devCluster) allVote(ctx context.Context) bool {
	var status struct {
		Quorum struct {
			HealthyVoters int `json:"healthy_voters"`
		} `json:"quorum"`
	}
	return getJSON(ctx, "http://"+c.nodes[0].address+"/cluster/status", &status) && status.Quorum.HealthyVoters == len(c.nodes)
}

// getJSON fetches a URL into the value, where one is given, and tells whether the answer was 200.
func getJSON(ctx context.Context, url string, into any) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false
	}
	return into == nil || json.NewDecoder(response.Body).Decode(into) == nil
}
