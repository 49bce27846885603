package fsm

import (
	"log/slog"
	"time"
)

// Settings are the dynamic settings of the whole cluster, changed through the admin API.
type Settings struct {
	LoadBalancer LoadBalancer `json:"load_balancer"`
	// ModelProviders lists provider names in the order in which they are considered where a request names none.
	ModelProviders []string `json:"model_providers"`
	// ModelAliases map names that clients use to other names of models, before an instance is looked for. They came with
	// feature level 2.
	ModelAliases map[string]string `json:"model_aliases,omitempty"`
	// Translation is "strict" where requests are refused of which a translation between dialects would drop something, and
	// empty where clients are told of it. It came with feature level 2.
	Translation string `json:"translation,omitempty"`
}

// The values of Settings.Translation. Lenient is the same as none, and becomes that.
const (
	TranslationLenient = "lenient"
	TranslationStrict  = "strict"
)

// LoadBalancer says how an instance is picked among the candidates of a request.
type LoadBalancer struct {
	// Enabled false means: the first enabled candidate in order of priority and name.
	Enabled bool `json:"enabled"`
	// Algorithm is the name of a balancing algorithm. The state machine keeps it as it is; who proposes it validates it.
	Algorithm string `json:"algorithm"`
}

// Instance is one upstream endpoint with one account: what the balancer picks.
type Instance struct {
	// Name is unique in the cluster.
	Name string `json:"name"`
	// Provider is a provider's canonical name, such as "openai-custom".
	Provider string `json:"provider"`
	// BaseURL is the endpoint's root, without a trailing slash, such as "https://api.openai.com/v1".
	BaseURL string `json:"base_url"`
	// Models are the model names served, each of which may end in "*". Empty means every model.
	Models []string `json:"models,omitempty"`
	// Weight is the share of traffic against that of the other candidates, 0 to 1000. 0 takes no traffic.
	Weight int `json:"weight"`
	// Priority is the tier: lower goes first.
	Priority int  `json:"priority,omitempty"`
	Enabled  bool `json:"enabled"`
	// APIKey is the sealed credential, empty for none.
	APIKey  Sealed          `json:"api_key,omitempty"`
	Options InstanceOptions `json:"options,omitzero"`
}

// ClientKey is a key that clients present to the gateway. All nodes accept it.
type ClientKey struct {
	// Name tells the keys apart, in the audit trail too. It is unique in the cluster.
	Name string `json:"name"`
	Key  Sealed `json:"key"`
}

// Member is a node as the cluster knows it. Raft's own configuration says who votes; this says what the node is.
type Member struct {
	ID string `json:"id"`
	// InstanceID is minted with a node's data directory: another one under the same ID means the disk was lost.
	InstanceID string `json:"instance_id"`
	// Address is the host:port at which clients and peers reach the node.
	Address string `json:"address"`
	Version string `json:"version"`
	// FeatureLevel is the highest command level that the node understands.
	FeatureLevel int       `json:"feature_level"`
	JoinedAt     time.Time `json:"joined_at"`
}

// Sealed is an encrypted secret. The state machine never sees the plaintext; printing it shows a mark only.
type Sealed []byte

// String keeps ciphertext out of logs and errors.
func (s Sealed) String() string {
	if len(s) == 0 {
		return ""
	}
	return "[sealed]"
}

// LogValue keeps ciphertext out of structured logs.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(s.String()) }
