package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aiproxy/cmd/aiproxy/internal/config"
	"aiproxy/fsm"
	"aiproxy/store/seal"
)

const (
	localSecretFile = "secret"
	// sealCheck is sealed into the replicated state, so that a node started with another secret notices at once.
	sealCheck        = "aiproxy"
	sealCheckPurpose = "cluster/seal_check"
	apiKeyPurpose    = "instance/api_key"
)

// secrets are what a node keeps others out with: the cluster secret, and the keys that seal what is stored.
type secrets struct {
	cluster []byte
	// previous are the cluster secrets before, while the secret is rotated.
	previous [][]byte
	ring     *seal.Keyring
	// view is the replicated state, which says what to seal with. It is nil until there is one.
	view func() *fsm.View
}

// loopbackSecret joins nodes that were given no secret, which config allows only where all addresses are loopback.
// It keeps nobody on the machine out: config warns of it.
const loopbackSecret = "aiproxy on loopback"

// newSecrets takes the cluster secret from the configuration. A lone node that has none mints one for itself in its
// data directory; once there, it stays good for opening what it sealed.
func newSecrets(c *config.Config) (*secrets, error) {
	local, err := readLocalSecret(c.DataDir)
	if err != nil {
		return nil, err
	}
	given := []byte(c.ClusterSecret().Reveal())
	switch {
	case len(given) > 0:
	case c.Cluster.Enabled:
		given = []byte(loopbackSecret)
	case local == nil:
		given, err = mintLocalSecret(c.DataDir)
	default:
		given, local = local, nil
	}
	if err != nil {
		return nil, err
	}
	previous, err := previousSecrets(c)
	if err != nil {
		return nil, err
	}
	older := previous
	if local != nil {
		older = append(slices.Clip(previous), local)
	}
	ring, err := seal.New(given, older...)
	if err != nil {
		return nil, err
	}
	return &secrets{cluster: given, previous: previous, ring: ring}, nil
}

func previousSecrets(c *config.Config) ([][]byte, error) {
	var previous [][]byte
	for _, s := range c.Cluster.SecretPrevious {
		if s != "" { // A variable that is set to nothing.
			previous = append(previous, []byte(s.Reveal()))
		}
	}
	if len(previous) > 0 && c.ClusterSecret() == "" {
		return nil, errors.New("there is a --cluster-secret-previous without a secret that came after it: set --cluster-secret")
	}
	return previous, nil
}

// seal seals with the secret that the cluster's state is sealed with: while the secret is rotated, not every node has
// the new one yet.
func (s *secrets) seal(plaintext []byte, purpose string) fsm.Sealed {
	var like fsm.Sealed
	if s.view != nil {
		like = s.view().SealCheck
	}
	return s.ring.SealLike(like, plaintext, purpose)
}

func readLocalSecret(dir string) ([]byte, error) {
	path := filepath.Join(dir, localSecretFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read local secret: %w", err)
	}
	secret := []byte(strings.TrimSpace(string(raw)))
	if len(secret) == 0 {
		return nil, fmt.Errorf("%s is empty: restore it from a backup of the data directory, or move the directory away to start anew", path)
	}
	return secret, nil
}

// mintLocalSecret writes a new secret so that a crash leaves none or a whole one.
func mintLocalSecret(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	secret := seal.NewSecret()
	path := filepath.Join(dir, localSecretFile)
	if err := writeSecret(path+".tmp", secret+"\n"); err != nil {
		return nil, fmt.Errorf("write local secret: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return nil, fmt.Errorf("write local secret: %w", err)
	}
	return []byte(secret), nil
}

func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// check refuses a state that was sealed under another secret: its keys could not be used.
func (s *secrets) check(v *fsm.View) error {
	if len(v.SealCheck) == 0 {
		return nil
	}
	if _, err := s.ring.Open(v.SealCheck, sealCheckPurpose); err != nil {
		return fmt.Errorf("the secrets in the data directory can't be opened: %w (its id is %s, this node has %s): start with the "+
			"--cluster-secret (or, without one, the first --api-key) that the cluster uses now; while the secret is rotated, with "+
			"the one before it as --cluster-secret-previous", err, seal.KeyIDOf(v.SealCheck), strings.Join(s.ring.KeyIDs(), " and "))
	}
	return nil
}

// sealAPIKey seals an instance's key.
func (s *secrets) sealAPIKey(key config.Secret) fsm.Sealed {
	if key == "" {
		return nil
	}
	return s.seal([]byte(key.Reveal()), apiKeyPurpose)
}

// openAPIKey opens what sealAPIKey made.
func (s *secrets) openAPIKey(sealed fsm.Sealed) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	key, err := s.ring.Open(sealed, apiKeyPurpose)
	if err != nil {
		return "", fmt.Errorf("open api key: %w", err)
	}
	return string(key), nil
}
