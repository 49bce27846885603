//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"aiproxy/scripts/bench/workload"
)

// client calls one node over kept-alive connections of its own.
type client struct {
	address string
	http    *http.Client
}

// maxCallers is how many connections to a node are kept.
const maxCallers = 64

func newClient(address string) client {
	return client{address: address, http: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: maxCallers, DisableCompression: true,
	}}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// status is the part of /cluster/status that is looked at.
type status struct {
	State     string `json:"state"`
	StateHash string `json:"state_hash"`
	Revision  uint64 `json:"revision"`
	Quorum    struct {
		HealthyVoters int `json:"healthy_voters"`
	} `json:"quorum"`
}

func (c *client) status(ctx context.Context) (s status, err error) {
	return s, c.call(ctx, http.MethodGet, "/cluster/status", nil, &s)
}

func (c *client) ready(ctx context.Context) bool {
	return c.call(ctx, http.MethodGet, "/readyz", nil, nil) == nil
}

// receipt is the answer to a write.
type receipt struct {
	Revision uint64 `json:"revision"`
}

// setWeight changes the weight of an instance: a write that a quorum has on disk when it is answered.
func (c *client) setWeight(ctx context.Context, instance string, weight int) (r receipt, err error) {
	body := fmt.Appendf(nil, `{"weight":%d}`, weight)
	return r, c.call(ctx, http.MethodPut, "/loadbalancer/instances/"+instance, body, &r)
}

// weights asks the node for the weights of all instances, and for their number.
func (c *client) weights(ctx context.Context) (map[string]int, error) {
	var list struct {
		Instances []struct {
			Name   string `json:"name"`
			Weight int    `json:"weight"`
		} `json:"instances"`
	}
	if err := c.call(ctx, http.MethodGet, "/loadbalancer/instances", nil, &list); err != nil {
		return nil, err
	}
	weights := make(map[string]int, len(list.Instances))
	for _, in := range list.Instances {
		weights[in.Name] = in.Weight
	}
	return weights, nil
}

// chat asks for a completion and compares every byte of the answer.
func (c *client) chat(ctx context.Context, request, want []byte) error {
	raw, err := c.do(ctx, http.MethodPost, "/v1/chat/completions", request)
	if err == nil && !bytes.Equal(raw, want) {
		return fmt.Errorf("answer of %d bytes is not the upstream's", len(raw))
	}
	return err
}

// call sends a request with a JSON body, if there is one, and decodes the answer into answer unless that is nil.
func (c *client) call(ctx context.Context, method, path string, body []byte, answer any) error {
	raw, err := c.do(ctx, method, path, body)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("decode answer of %s %s: %w", method, path, err)
	}
	return nil
}

func (c *client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("answer of %s %s was cut: %w", method, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %.200s", method, path, response.Status, raw)
	}
	return raw, nil
}

// chatBodies are the request that all clients send and the answer that must come back.
func chatBodies() (request, answer []byte) {
	return workload.All()[0].RequestBody(), workload.Answer()
}
