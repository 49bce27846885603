package relay

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// The codes of requests that no instance can be found for.
const (
	codeModelNotFound    = "model_not_found"
	codeModelMissing     = "missing_required_parameter"
	codeProviderUnknown  = "unknown_provider"
	codeProviderAbsent   = "provider_not_built_in"
	codeUnsupported      = "unsupported_operation"
	codeInstanceDisabled = "no_enabled_instance"
	codeStarting         = "starting"
)

// maxNamed bounds what is repeated of a name that a client sent, in bytes.
const maxNamed = 128

// clip shortens a name that a client sent.
func clip(name string) string {
	if len(name) <= maxNamed {
		return name
	}
	return strings.ToValidUTF8(name[:maxNamed], "") + "..."
}

func refuseSurface(s surface) *dialect.Error {
	return &dialect.Error{
		Status:  http.StatusBadRequest,
		Code:    codeUnsupported,
		Message: fmt.Sprintf("this gateway offers no %s in the dialect %s", s.operation, s.dialect),
	}
}

// refuse says why no instance was found for a request that names no provider.
func (t *Table) refuse(s surface, model string) *dialect.Error {
	if model == "" {
		return &dialect.Error{
			Status: http.StatusBadRequest, Code: codeModelMissing, Param: "model",
			Message: "the request names no model, and no instance serves every model: set the field model",
		}
	}
	for _, l := range t.listing {
		if l.standing != serving && lists(l.instance.Models, model, "") {
			return l.refusal(model)
		}
	}
	if len(t.targets) == 0 {
		return t.refuseAll("")
	}
	return t.modelNotFound(s, model)
}

// refuseWithin says why no instance of the provider was found for a request.
func (t *Table) refuseWithin(s surface, provider, model string) *dialect.Error {
	if !t.known[provider] {
		return &dialect.Error{
			Status: http.StatusNotFound, Code: codeProviderUnknown,
			Message: fmt.Sprintf("there is no provider %q: the known ones are %s", clip(provider), t.providerNames()),
		}
	}
	p, built := t.registry.Lookup(provider)
	if !built {
		return absent(provider)
	}
	if !p.Supports(s.operation, s.dialect) {
		return &dialect.Error{
			Status: http.StatusBadRequest, Code: codeUnsupported,
			Message: fmt.Sprintf("provider %q offers no %s to clients of the dialect %s", provider, s.operation, s.dialect),
		}
	}
	takesTraffic := false
	for _, l := range t.listing {
		if providers.Canonical(l.instance.Provider) != provider {
			continue
		}
		takesTraffic = takesTraffic || l.standing == serving
		if l.standing != serving && lists(l.instance.Models, model, "") {
			return l.refusal(model)
		}
	}
	if !takesTraffic {
		return t.refuseAll(provider)
	}
	return t.modelNotFound(s, model)
}

func absent(provider string) *dialect.Error {
	return &dialect.Error{
		Status: http.StatusNotImplemented, Code: codeProviderAbsent,
		Message: fmt.Sprintf("provider %q is known but not built into this version of the gateway", provider),
	}
}

// refusal says why an instance that lists the model does not serve it.
func (l listing) refusal(model string) *dialect.Error {
	reason := "is disabled: enable it"
	switch l.standing {
	case notBuiltIn:
		return absent(l.instance.Provider)
	case weightless:
		reason = "has weight 0: give it a weight"
	case sealedShut:
		reason = "has a credential that this node cannot open: see the node's log"
	case serving, switchedOff:
	}
	return &dialect.Error{
		Status: http.StatusServiceUnavailable, Code: codeInstanceDisabled,
		Message: fmt.Sprintf("no enabled instance serves the model %q: instance %q %s", clip(model), l.instance.Name, reason),
	}
}

// startingPause is how long a client of a node that has no configuration yet should wait.
const startingPause = time.Second

// refuseAll says that nothing takes traffic, of one provider or at all.
func (t *Table) refuseAll(provider string) *dialect.Error {
	if t.starting {
		return &dialect.Error{
			Status: http.StatusServiceUnavailable, Code: codeStarting, RetryAfter: startingPause,
			Message: "this node has no configuration yet, because it is starting or joining its cluster: try again",
		}
	}
	of := ""
	if provider != "" {
		of = fmt.Sprintf(" of provider %q", provider)
	}
	return &dialect.Error{
		Status: http.StatusServiceUnavailable, Code: codeInstanceDisabled,
		Message: fmt.Sprintf("no instance%s is enabled: add one, or enable one at /loadbalancer/instances", of),
	}
}

func (t *Table) modelNotFound(s surface, model string) *dialect.Error {
	return &dialect.Error{
		Status: http.StatusNotFound, Code: codeModelNotFound, Param: "model",
		Message: fmt.Sprintf("no instance serves the model %q for %s: the known providers are %s%s",
			clip(model), s.operation, t.providerNames(), t.near(s, clip(model))),
	}
}

func (t *Table) providerNames() string { return strings.Join(t.registry.Names(), ", ") }
