package fsm

import (
	"maps"
	"reflect"
	"strings"
	"time"
)

// InstanceOptions are the settings of an instance that most do without. They came with feature level 2.
type InstanceOptions struct {
	// Auth says how the credential is presented: "" as the provider does with API keys, "bearer", or "oauth" for an
	// access token. The state machine keeps it as it is.
	Auth string `json:"auth,omitempty"`
	// ProjectID is a Google Cloud project, Region one of AWS, ProfileARN a profile of Kiro's.
	ProjectID  string `json:"project_id,omitempty"`
	Region     string `json:"region,omitempty"`
	ProfileARN string `json:"profile_arn,omitempty"`
	// Headers are sent with every request, by canonical name. Their values may be secrets.
	Headers map[string]Sealed `json:"headers,omitempty"`
	// ProxyURL is that of an HTTP or SOCKS5 proxy, which may name a user. The password is apart.
	ProxyURL      string `json:"proxy_url,omitempty"`
	ProxyPassword Sealed `json:"proxy_password,omitempty"`
	// FirstByteTimeout and IdleTimeout are in nanoseconds; 0 stands for the node's own.
	FirstByteTimeout time.Duration `json:"first_byte_timeout,omitempty"`
	IdleTimeout      time.Duration `json:"idle_timeout,omitempty"`
	// CA holds certificates in PEM, to be trusted in place of the system's.
	CA string `json:"ca,omitempty"`
	// Responses tells that the upstream has OpenAI's Responses API.
	Responses bool `json:"responses,omitempty"`
	// ModelAliases map the names that clients use to those that the upstream knows.
	ModelAliases map[string]string `json:"model_aliases,omitempty"`
}

// The bounds of options, part of the replicated behaviour like those of instances.
const (
	maxHeaders = 64
	maxAliases = 1024
	maxCA      = 64 << 10
	maxTimeout = 24 * time.Hour
)

func normalOptions(o InstanceOptions) InstanceOptions {
	o.ProxyPassword = normal(o.ProxyPassword)
	if len(o.Headers) == 0 {
		o.Headers = nil
	}
	if len(o.ModelAliases) == 0 {
		o.ModelAliases = nil
	}
	return o
}

func checkOptions(name string, o InstanceOptions) *Rejection {
	for what, text := range map[string]string{"kind of credential": o.Auth, "project": o.ProjectID, "region": o.Region, "profile": o.ProfileARN, "proxy URL": o.ProxyURL} {
		if r := checkText(what+" of instance "+name, text, maxURL); r != nil {
			return reject(RejectedInvalid, "an option of instance %s is too long or has control characters", name)
		}
	}
	switch {
	case len(o.Headers) > maxHeaders:
		return reject(RejectedInvalid, "instance %s has %d headers, more than %d", name, len(o.Headers), maxHeaders)
	case len(o.CA) > maxCA:
		return reject(RejectedInvalid, "the certificates of instance %s are longer than %d bytes", name, maxCA)
	case len(o.ProxyPassword) > maxSealed:
		return reject(RejectedInvalid, "the sealed proxy password of instance %s is longer than %d bytes", name, maxSealed)
	case o.FirstByteTimeout < 0 || o.FirstByteTimeout > maxTimeout || o.IdleTimeout < 0 || o.IdleTimeout > maxTimeout:
		return reject(RejectedInvalid, "a timeout of instance %s is not between 0 and 24 hours", name)
	}
	for header, value := range o.Headers {
		if !headerName(header) || len(value) == 0 || len(value) > maxSealed {
			return reject(RejectedInvalid, "a header of instance %s has no proper name or value", name)
		}
	}
	return checkAliases("instance "+name, o.ModelAliases)
}

// headerName tells whether name is one of a header field, as HTTP allows them.
func headerName(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool { return r > '~' || !nameByte(byte(r)) })
}

func checkAliases(of string, aliases map[string]string) *Rejection {
	if len(aliases) > maxAliases {
		return reject(RejectedInvalid, "%s has %d aliases of models, more than %d", of, len(aliases), maxAliases)
	}
	for from, to := range aliases {
		if from == "" || to == "" || checkText("alias", from, maxModel) != nil || checkText("alias", to, maxModel) != nil {
			return reject(RejectedInvalid, "an alias of a model of %s is empty, too long or has control characters", of)
		}
	}
	return nil
}

// differentOptions names the options that differ, without their values, which may be long or secret.
func differentOptions(old, now InstanceOptions) []string {
	var all []string
	a, b := reflect.ValueOf(old), reflect.ValueOf(now)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			all = append(all, strings.ReplaceAll(name, "_", " ")+" changed")
		}
	}
	return all
}

// Secrets returns the sealed values of the instance by the names that Resealed.Field has for them.
func (in Instance) Secrets() map[string]Sealed {
	all := make(map[string]Sealed)
	if len(in.APIKey) > 0 {
		all[""] = in.APIKey
	}
	if len(in.Options.ProxyPassword) > 0 {
		all[proxyPasswordField] = in.Options.ProxyPassword
	}
	for name, value := range in.Options.Headers {
		all[headerField+name] = value
	}
	return all
}

const (
	proxyPasswordField = "proxy_password"
	headerField        = "headers."
)

// withSecret returns the instance with another sealed form of one of its secrets.
func (in Instance) withSecret(field string, s Sealed) Instance {
	switch header, is := strings.CutPrefix(field, headerField); {
	case is:
		in.Options.Headers = maps.Clone(in.Options.Headers)
		in.Options.Headers[header] = s
	case field == proxyPasswordField:
		in.Options.ProxyPassword = s
	default:
		in.APIKey = s
	}
	return in
}
