package main

import (
	"fmt"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/store/seal"
)

const clientKeyPurpose = "client/key"

// sealer gives the management API the use of the cluster's seals, not the secrets themselves.
type sealer struct{ secrets *secrets }

// SealAPIKey seals the key of an instance.
func (s sealer) SealAPIKey(key string) fsm.Sealed { return s.secrets.sealAPIKey(config.Secret(key)) }

// OpenAPIKey opens what SealAPIKey made.
func (s sealer) OpenAPIKey(sealed fsm.Sealed) (string, error) { return s.secrets.openAPIKey(sealed) }

// SealClientKey seals a key that clients present.
func (s sealer) SealClientKey(key string) fsm.Sealed {
	if key == "" {
		return nil
	}
	return s.secrets.seal([]byte(key), clientKeyPurpose)
}

// OpenClientKey opens what SealClientKey made.
func (s sealer) OpenClientKey(sealed fsm.Sealed) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	key, err := s.secrets.ring.Open(sealed, clientKeyPurpose)
	if err != nil {
		return "", fmt.Errorf("open client key: %w", err)
	}
	return string(key), nil
}

// sealKeyID names the cluster secret that a value is sealed with.
func sealKeyID(sealed fsm.Sealed) string { return seal.KeyIDOf(sealed) }
