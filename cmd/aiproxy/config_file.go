package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"aiproxy/cmd/aiproxy/internal/adminclient"
	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/gateway/admin/document"
)

// largestDocument bounds a file with a configuration, in bytes. A node takes no larger one.
const largestDocument = 16 << 20

// readWanted reads a document, or makes one of a node's configuration file and what the cluster holds.
func readWanted(ctx context.Context, client *adminclient.Client, path string, getenv func(string) (string, bool)) (wanted, error) {
	text, err := readConfigText(path)
	if err != nil {
		return wanted{}, err
	}
	if document.Recognise(text) {
		d, err := document.Parse(text, document.Rules{})
		if err != nil {
			return wanted{}, fmt.Errorf("%s has faults:\n%w", path, err)
		}
		return wanted{document: d}, nil
	}
	if path == "-" {
		return wanted{}, errors.New("standard input holds no exported configuration: give a node's configuration file by its path")
	}
	fs := pflag.NewFlagSet("node", pflag.ContinueOnError)
	config.Register(fs)
	if err := fs.Set("config", path); err != nil {
		return wanted{}, err
	}
	c, err := config.Load(fs, getenv)
	if err != nil {
		return wanted{}, err
	}
	var held document.Document
	if err := client.Do(ctx, http.MethodGet, "/config", nil, &held); err != nil {
		return wanted{}, err
	}
	d, err := overlay(held, c)
	return wanted{document: d, revision: held.Revision}, err
}

func readConfigText(path string) ([]byte, error) {
	source := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		defer f.Close()
		source = f
	}
	text, err := io.ReadAll(io.LimitReader(source, largestDocument+1))
	if err == nil && len(text) > largestDocument {
		err = fmt.Errorf("%s is larger than %d MiB", path, largestDocument>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return text, nil
}

// overlay returns the document with what a node's configuration says of the dynamic configuration. What it leaves to a
// default is no opinion.
func overlay(d document.Document, c *config.Config) (document.Document, error) {
	explicit := func(key string) bool { return c.Source(key).Explicit() }
	if explicit("load_balancer.enabled") {
		d.Settings.LoadBalancer.Enabled = c.LoadBalancer.Enabled
	}
	if explicit("load_balancer.algorithm") {
		d.Settings.LoadBalancer.Algorithm = c.ServedAlgorithm()
	}
	if explicit("model_providers") {
		d.Settings.ModelProviders = c.ModelProviders
	}
	named := namedInstances(c)
	if explicit("model_aliases") {
		d.Settings.ModelAliases = c.ModelAliases
	}
	if explicit("translation") {
		d.Settings.Translation = c.Translation
	}
	if len(named) == 0 && !explicit("instances") {
		return d, nil
	}
	d.Instances = make([]document.Instance, 0, len(named))
	for _, in := range named {
		one, err := complete(in)
		if err != nil {
			return d, err
		}
		d.Instances = append(d.Instances, one)
	}
	return d, nil
}

// namedInstances are the instances that somebody configured on this node.
func namedInstances(c *config.Config) []config.Instance {
	return slices.DeleteFunc(slices.Clone(c.Instances), func(in config.Instance) bool { return in.Derived && in.APIKey == "" && in.CredentialsFile == "" })
}
