package admin

import (
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"aiproxy/fsm"
)

// balancerView is the answer to GET /loadbalancer/instances.
type balancerView struct {
	Enabled   bool           `json:"enabled"`
	Algorithm string         `json:"algorithm"`
	Revision  uint64         `json:"revision"`
	Instances []instanceView `json:"instances"`
}

type instanceView struct {
	Name      string   `json:"name"`
	Provider  string   `json:"provider"`
	BaseURL   string   `json:"base_url"`
	Models    []string `json:"models"`
	Weight    int      `json:"weight"`
	Priority  int      `json:"priority"`
	Enabled   bool     `json:"enabled"`
	HasAPIKey bool     `json:"has_api_key"`
	Counters
}

// listInstances tells what the balancer works with: the replicated settings, and this node's own counters.
func (a *API) listInstances(w http.ResponseWriter, r *http.Request) error {
	v := a.view(r)
	answer := balancerView{
		Enabled:   v.Settings.LoadBalancer.Enabled,
		Algorithm: v.Settings.LoadBalancer.Algorithm,
		Revision:  v.Revision,
		Instances: make([]instanceView, 0, len(v.Instances)),
	}
	for i := range v.Instances {
		answer.Instances = append(answer.Instances, a.instance(&v.Instances[i]))
	}
	w.Header().Set("ETag", etag(v.Revision))
	return writeJSON(w, answer)
}

func (a *API) instance(in *fsm.Instance) instanceView {
	models := in.Models
	if models == nil {
		models = []string{}
	}
	return instanceView{
		Name:      in.Name,
		Provider:  in.Provider,
		BaseURL:   maskURL(in.BaseURL),
		Models:    models,
		Weight:    in.Weight,
		Priority:  in.Priority,
		Enabled:   in.Enabled,
		HasAPIKey: len(in.APIKey) > 0,
		Counters:  a.counters(in.Name),
	}
}

// updateInstance changes the weight of an instance, or whether it is used, on all nodes.
func (a *API) updateInstance(w http.ResponseWriter, r *http.Request) error {
	change := fsm.InstanceChange{Name: mux.Vars(r)["name"]}
	err := readFields(w, r,
		field{name: "weight", into: &change.Weight, kind: "a whole number from 0 to 1000"},
		field{name: "enabled", into: &change.Enabled, kind: "true or false"},
	)
	if err != nil {
		return err
	}
	if change.Weight == nil && change.Enabled == nil {
		return badRequest("missing_required_parameter", "", "The request changes nothing: give weight, enabled or both.")
	}
	return a.write(w, r, fsm.InstanceUpdate, change)
}

// mask stands for what is hidden of a URL.
const mask = "xxxxx"

// maskURL hides what may be a secret in a URL: user, password and the values of the query.
func maskURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	if u.User != nil {
		u.User = url.User(mask)
	}
	if u.RawQuery != "" {
		query := u.Query()
		for name := range query {
			query.Set(name, mask)
		}
		u.RawQuery = query.Encode()
	}
	u.Fragment = ""
	return u.String()
}
