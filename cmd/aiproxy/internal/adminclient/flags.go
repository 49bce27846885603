package adminclient

import (
	"net"
	"net/netip"
	"strings"

	"github.com/spf13/pflag"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/providers"
)

// Flags are the options by which a command finds its node. Make them with AddFlags.
type Flags struct {
	address, apiKey, configFile, caFile string
	insecure                            bool
}

// AddFlags adds --address, --api-key, --config, --ca-file and --insecure to a command's flags.
func AddFlags(fs *pflag.FlagSet) *Flags {
	f := &Flags{}
	fs.StringVar(&f.address, "address", "", "node to talk to, as host:port or URL (default: from the configuration, else "+DefaultAddress+")")
	fs.StringVar(&f.apiKey, "api-key", "", "API key to present (default: AIPROXY_API_KEY, else from the configuration)")
	fs.StringVar(&f.configFile, "config", "", "the node's configuration file, to find its address and API key")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM file of the authorities to trust with https instead of the system's")
	fs.BoolVar(&f.insecure, "insecure", false, "accept any certificate of the node")
	return f
}

// Client returns a client for the node that the flags name. What they leave open comes from the environment and the
// configuration file, in the way in which a node reads them; getenv is os.LookupEnv but in tests. The error is of type
// config.Faults where the configuration is at fault.
func (f *Flags) Client(getenv func(string) (string, bool)) (*Client, error) {
	o := Options{Address: f.address, APIKey: providers.Secret(f.apiKey), CAFile: f.caFile, Insecure: f.insecure}
	if o.APIKey == "" && o.Address != "" && f.configFile == "" {
		// A node reads a list here, and takes each of its keys.
		keys, _ := getenv("AIPROXY_API_KEY")
		key, _, _ := strings.Cut(keys, ",")
		o.APIKey = providers.Secret(strings.TrimSpace(key))
		return New(o)
	}
	if o.Address == "" || o.APIKey == "" {
		c, err := f.load(getenv)
		if err != nil {
			return nil, err
		}
		if o.Address == "" {
			o.Address = address(c)
		}
		if o.APIKey == "" && len(c.APIKeys) > 0 {
			o.APIKey = c.APIKeys[0]
		}
	}
	return New(o)
}

// load reads the configuration as a node would that was given nothing but the file.
func (f *Flags) load(getenv func(string) (string, bool)) (*config.Config, error) {
	fs := pflag.NewFlagSet("node", pflag.ContinueOnError)
	config.Register(fs)
	if f.configFile != "" {
		if err := fs.Set("config", f.configFile); err != nil {
			return nil, err
		}
	}
	return config.Load(fs, getenv)
}

// address is where the configured node can be reached from its own machine.
func address(c *config.Config) string {
	scheme := "http://"
	if c.TLS.Enabled() {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(c.AdvertisedAddress())
	if err != nil {
		return DefaultAddress
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}
