package fsm

import (
	"strings"
	"unicode/utf8"
)

// The bounds of what a command may hold. They are part of the replicated behaviour: to change one is to bring a new
// feature level.
const (
	maxName      = 128
	maxKey       = 255
	maxURL       = 2048
	maxModel     = 256
	maxModels    = 1024
	maxProviders = 64
	maxSealed    = 16 << 10
	maxWeight    = 1000
	maxPriority  = 1000
	maxAddress   = 262 // a host name of 253 bytes, a colon, five digits, and brackets
)

// checkName judges a name that stands in URLs, logs and metrics labels.
func checkName(what, name string) *Rejection {
	if name == "" {
		return reject(RejectedInvalid, "the %s is empty", what)
	}
	if len(name) > maxName {
		return reject(RejectedInvalid, "the %s %q is longer than %d characters", what, shorten(name), maxName)
	}
	for i := range len(name) {
		if !nameByte(name[i]) {
			return reject(RejectedInvalid, "the %s %q has characters other than A-Z a-z 0-9 . _ -", what, name)
		}
	}
	return nil
}

func nameByte(b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	}
	return b == '.' || b == '_' || b == '-'
}

// checkText judges free text that must be short, valid UTF-8 and without control characters.
func checkText(what, text string, limit int) *Rejection {
	if len(text) > limit {
		return reject(RejectedInvalid, "the %s is longer than %d bytes", what, limit)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return reject(RejectedInvalid, "the %s has control characters", what)
	}
	return nil
}

func checkKey(key string) *Rejection { return checkPrintable("idempotency key", key, maxKey) }

func checkBy(by string) *Rejection {
	return checkPrintable("name of who wants the change", by, maxName)
}

func checkPrintable(what, text string, limit int) *Rejection {
	if len(text) > limit {
		return reject(RejectedInvalid, "the %s is longer than %d characters", what, limit)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return reject(RejectedInvalid, "the %s has characters other than printable ASCII", what)
		}
	}
	return nil
}

func checkSettings(s Settings) *Rejection {
	if s.LoadBalancer.Algorithm != "" || s.LoadBalancer.Enabled {
		if r := checkName("algorithm", s.LoadBalancer.Algorithm); r != nil {
			return r
		}
	}
	if len(s.ModelProviders) > maxProviders {
		return reject(RejectedInvalid, "there are %d model providers, more than %d", len(s.ModelProviders), maxProviders)
	}
	for _, name := range s.ModelProviders {
		if r := checkName("model provider", name); r != nil {
			return r
		}
	}
	switch s.Translation {
	case "", TranslationLenient, TranslationStrict:
	default:
		return reject(RejectedInvalid, "the translation is neither %s nor %s", TranslationLenient, TranslationStrict)
	}
	return checkAliases("the cluster", s.ModelAliases)
}

func checkInstance(in Instance) *Rejection {
	if r := checkName("instance name", in.Name); r != nil {
		return r
	}
	if r := checkName("provider", in.Provider); r != nil {
		return r
	}
	if r := checkText("base URL of instance "+in.Name, in.BaseURL, maxURL); r != nil {
		return r
	}
	if r := checkWeight(in.Name, in.Weight); r != nil {
		return r
	}
	if in.Priority < 0 || in.Priority > maxPriority {
		return reject(RejectedInvalid, "the priority %d of instance %s is not between 0 and %d", in.Priority, in.Name, maxPriority)
	}
	if len(in.APIKey) > maxSealed {
		return reject(RejectedInvalid, "the sealed API key of instance %s is longer than %d bytes", in.Name, maxSealed)
	}
	if r := checkOptions(in.Name, in.Options); r != nil {
		return r
	}
	return checkModels(in.Name, in.Models)
}

func checkWeight(name string, weight int) *Rejection {
	if weight < 0 || weight > maxWeight {
		return reject(RejectedInvalid, "the weight %d of instance %s is not between 0 and %d", weight, name, maxWeight)
	}
	return nil
}

func checkModels(name string, models []string) *Rejection {
	if len(models) > maxModels {
		return reject(RejectedInvalid, "instance %s has %d models, more than %d", name, len(models), maxModels)
	}
	for _, model := range models {
		if model == "" {
			return reject(RejectedInvalid, "a model of instance %s has no name", name)
		}
		if r := checkText("name of a model of instance "+name, model, maxModel); r != nil {
			return r
		}
		if star := strings.IndexByte(model, '*'); star >= 0 && star != len(model)-1 {
			return reject(RejectedInvalid, "the model %q of instance %s has a * that is not its last character", model, name)
		}
	}
	return nil
}

func checkMember(m Member, level int) *Rejection {
	if r := checkName("node id", m.ID); r != nil {
		return r
	}
	if r := checkName("instance id of node "+m.ID, m.InstanceID); r != nil {
		return r
	}
	if m.Address == "" {
		return reject(RejectedInvalid, "node %s has no address", m.ID)
	}
	if r := checkText("address of node "+m.ID, m.Address, maxAddress); r != nil {
		return r
	}
	if r := checkText("version of node "+m.ID, m.Version, maxName); r != nil {
		return r
	}
	if m.FeatureLevel < level {
		return reject(RejectedConflict, "node %s understands feature level %d and the cluster is at %d", m.ID, m.FeatureLevel, level)
	}
	return nil
}

// shorten keeps what a caller sent from filling a message that is replicated and remembered.
func shorten(s string) string {
	const limit = 32
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
