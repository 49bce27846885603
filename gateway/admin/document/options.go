package document

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"aiproxy/fsm"
)

// Options are the settings of an instance that most do without; fsm.InstanceOptions says what they mean.
type Options struct {
	Auth       string `json:"auth,omitempty" yaml:"auth,omitempty"`
	ProjectID  string `json:"project_id,omitempty" yaml:"project_id,omitempty"`
	Region     string `json:"region,omitempty" yaml:"region,omitempty"`
	ProfileARN string `json:"profile_arn,omitempty" yaml:"profile_arn,omitempty"`
	// Headers are by name. Their values are secrets.
	Headers       map[string]Secret `json:"headers,omitempty" yaml:"headers,omitempty"`
	ProxyURL      string            `json:"proxy_url,omitempty" yaml:"proxy_url,omitempty"`
	ProxyPassword Secret            `json:"proxy_password,omitempty" yaml:"proxy_password,omitempty"`
	// FirstByteTimeout and IdleTimeout read as "30s".
	FirstByteTimeout string `json:"first_byte_timeout,omitempty" yaml:"first_byte_timeout,omitempty"`
	IdleTimeout      string `json:"idle_timeout,omitempty" yaml:"idle_timeout,omitempty"`
	// CA holds certificates in PEM.
	CA           string            `json:"ca,omitempty" yaml:"ca,omitempty"`
	ModelAliases map[string]string `json:"model_aliases,omitempty" yaml:"model_aliases,omitempty"`
	Responses    bool              `json:"responses,omitempty" yaml:"responses,omitempty"`
}

// optionsOf are the options as a document has them, secrets sealed.
func optionsOf(o fsm.InstanceOptions) Options {
	d := Options{
		Auth: o.Auth, ProjectID: o.ProjectID, Region: o.Region, ProfileARN: o.ProfileARN,
		ProxyURL: o.ProxyURL, ProxyPassword: sealedText(o.ProxyPassword), CA: o.CA, ModelAliases: o.ModelAliases, Responses: o.Responses,
		FirstByteTimeout: durationText(o.FirstByteTimeout), IdleTimeout: durationText(o.IdleTimeout),
	}
	for name, value := range o.Headers {
		if d.Headers == nil {
			d.Headers = make(map[string]Secret, len(o.Headers))
		}
		d.Headers[name] = sealedText(value)
	}
	return d
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// maskedOptions are the options as a difference shows them.
func maskedOptions(o fsm.InstanceOptions) Options {
	d := optionsOf(o)
	if d.ProxyPassword != "" {
		d.ProxyPassword = secretMask
	}
	for name := range d.Headers {
		d.Headers[name] = secretMask
	}
	return d
}

// options are the fields of a document's instance that most do without.
func (r *reader) options(o *Options) []field {
	return []field{
		{"auth", false, r.text(&o.Auth, checkAuth)},
		{"project_id", false, r.text(&o.ProjectID, checkWordOption)},
		{"region", false, r.text(&o.Region, checkWordOption)},
		{"profile_arn", false, r.text(&o.ProfileARN, checkWordOption)},
		{"headers", false, r.headers(&o.Headers)},
		{"proxy_url", false, r.text(&o.ProxyURL, CheckProxy)},
		{"proxy_password", false, r.secret(&o.ProxyPassword)},
		{"first_byte_timeout", false, r.text(&o.FirstByteTimeout, checkTimeout)},
		{"idle_timeout", false, r.text(&o.IdleTimeout, checkTimeout)},
		{"ca", false, r.text(&o.CA, CheckCA)},
		{"model_aliases", false, r.aliases(&o.ModelAliases)},
		{"responses", false, r.boolean(&o.Responses)},
	}
}

// pairs reads a mapping of names to strings, each of which read takes.
func (r *reader) pairs(n *yaml.Node, path string, read func(name string, n *yaml.Node, path string)) {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "is "+describe(n)+", not a mapping of names", "write {} for none")
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if seen[name] {
			r.fault(n.Content[i], join(path, name), "is given twice", "remove one of the two")
		}
		seen[name] = true
		read(name, target(n.Content[i+1]), join(path, name))
	}
}

func (r *reader) headers(into *map[string]Secret) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = make(map[string]Secret)
		r.pairs(n, path, func(name string, n *yaml.Node, path string) {
			if problem, remedy := CheckHeader(name); problem != "" {
				r.fault(n, path, problem, remedy)
				return
			}
			var value Secret
			r.secret(&value)(n, path)
			if value == "" {
				r.fault(n, path, "is empty", "remove it")
			}
			(*into)[http.CanonicalHeaderKey(name)] = value
		})
	}
}

func (r *reader) aliases(into *map[string]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = make(map[string]string)
		r.pairs(n, path, func(name string, n *yaml.Node, path string) {
			var to string
			if problem, remedy := checkModel(name); problem != "" {
				r.fault(n, path, problem, remedy)
				return
			}
			r.text(&to, checkModel)(n, path)
			(*into)[name] = to
		})
	}
}

// options are the options that a document asks for, secrets sealed.
func (r *resolver) options(path string, o Options, held fsm.InstanceOptions, v vault) fsm.InstanceOptions {
	// The texts were checked when they were read; none stands for 0.
	firstByte, _ := time.ParseDuration(o.FirstByteTimeout)
	idle, _ := time.ParseDuration(o.IdleTimeout)
	c := fsm.InstanceOptions{
		Auth: o.Auth, ProjectID: o.ProjectID, Region: o.Region, ProfileARN: o.ProfileARN,
		ProxyURL: o.ProxyURL, ProxyPassword: r.secret(path+".proxy_password", o.ProxyPassword, held.ProxyPassword, v),
		FirstByteTimeout: firstByte, IdleTimeout: idle, CA: o.CA, Responses: o.Responses,
	}
	if len(o.ModelAliases) > 0 {
		c.ModelAliases = maps.Clone(o.ModelAliases)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		if c.Headers == nil {
			c.Headers = make(map[string]fsm.Sealed, len(o.Headers))
		}
		c.Headers[name] = r.secret(path+".headers["+strconv.Quote(name)+"]", o.Headers[name], held.Headers[name], v)
	}
	return c
}

// options adds the options that differ.
func (d *differ) options(path string, from, to fsm.InstanceOptions) {
	scalar(d, path+".auth", from.Auth, to.Auth)
	scalar(d, path+".project_id", from.ProjectID, to.ProjectID)
	scalar(d, path+".region", from.Region, to.Region)
	scalar(d, path+".profile_arn", from.ProfileARN, to.ProfileARN)
	for _, name := range slices.Compact(slices.Sorted(maps.Keys(union(from.Headers, to.Headers)))) {
		d.secret(path+".headers["+name+"]", from.Headers[name], to.Headers[name], SameAPIKey)
	}
	scalar(d, path+".proxy_url", from.ProxyURL, to.ProxyURL)
	d.secret(path+".proxy_password", from.ProxyPassword, to.ProxyPassword, SameAPIKey)
	scalar(d, path+".first_byte_timeout", durationText(from.FirstByteTimeout), durationText(to.FirstByteTimeout))
	scalar(d, path+".idle_timeout", durationText(from.IdleTimeout), durationText(to.IdleTimeout))
	scalar(d, path+".ca", from.CA, to.CA)
	d.aliases(path+".model_aliases", from.ModelAliases, to.ModelAliases)
	scalar(d, path+".responses", from.Responses, to.Responses)
}

func (d *differ) aliases(path string, from, to map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(union(from, to))) {
		scalar(d, path+"["+name+"]", from[name], to[name])
	}
}

func union[V any](a, b map[string]V) map[string]V {
	both := maps.Clone(a)
	if both == nil {
		both = make(map[string]V, len(b))
	}
	maps.Copy(both, b)
	return both
}
