// Package seal encrypts secrets before they enter replicated state, so that the Raft log, the mirror, snapshots
// and backups hold ciphertext only.
//
// It owns the format of a sealed value and the derivation of its key from the cluster secret. It must not store,
// log or replicate anything. A Keyring is immutable and safe for concurrent use.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

const (
	formatVersion = 1
	keyIDSize     = 4
	keySize       = 32 // AES-256.
	headerSize    = 1 + keyIDSize
	keyInfo       = "aiproxy seal key v1"
	keyIDInfo     = "aiproxy seal key id v1"
)

var (
	// ErrWrongKey means that the value was sealed under a secret that the keyring does not hold.
	ErrWrongKey = errors.New("sealed with another cluster secret")
	// ErrDamaged means that the value is not a sealed value, was altered, or was sealed for another purpose.
	ErrDamaged = errors.New("sealed value is damaged or was sealed for another purpose")
)

// Keyring seals with its first key and opens with any of its keys.
type Keyring struct {
	keys []key
}

type key struct {
	id   [keyIDSize]byte
	aead cipher.AEAD
}

// New derives a keyring from the cluster secret and, optionally, from older secrets that may still be needed to
// open what they sealed. Keys are derived with HKDF-SHA256 (RFC 5869).
func New(secret []byte, older ...[]byte) (*Keyring, error) {
	ring := &Keyring{}
	for _, s := range append([][]byte{secret}, older...) {
		k, err := derive(s)
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

func derive(secret []byte) (key, error) {
	if len(secret) == 0 {
		return key{}, errors.New("derive seal key: the secret is empty")
	}
	raw, err := hkdf.Key(sha256.New, secret, nil, keyInfo, keySize)
	if err != nil {
		return key{}, fmt.Errorf("derive seal key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, keyIDInfo, keyIDSize)
	if err != nil {
		return key{}, fmt.Errorf("derive seal key id: %w", err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, fmt.Errorf("derive seal key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("derive seal key: %w", err)
	}
	return key{id: [keyIDSize]byte(id), aead: aead}, nil
}

// KeyID names the sealing key, as hex, without giving anything of it away.
func (r *Keyring) KeyID() string { return hex.EncodeToString(r.keys[0].id[:]) }

// KeyIDs names all keys of the keyring as KeyID does, the sealing key first and each once.
func (r *Keyring) KeyIDs() []string {
	var ids []string
	for _, k := range r.keys {
		if id := hex.EncodeToString(k.id[:]); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// KeyIDOf names the key that a value was sealed with, as KeyID does. It returns "" for what is not a sealed value.
func KeyIDOf(sealed []byte) string {
	if len(sealed) < headerSize || sealed[0] != formatVersion {
		return ""
	}
	return hex.EncodeToString(sealed[1:headerSize])
}

// Seal encrypts plaintext with AES-256-GCM under a fresh random nonce. The purpose, such as
// "instance/openai-a/api_key", is authenticated: a value opens only under the purpose that it was sealed for.
func (r *Keyring) Seal(plaintext []byte, purpose string) []byte {
	return r.keys[0].seal(plaintext, purpose)
}

// SealLike is Seal with the key that another value was sealed with, or with the first key if the keyring does not hold
// that one. While a secret is rotated, it keeps to what all nodes can open.
func (r *Keyring) SealLike(like, plaintext []byte, purpose string) []byte {
	for _, k := range r.keys {
		if KeyIDOf(like) == hex.EncodeToString(k.id[:]) {
			return k.seal(plaintext, purpose)
		}
	}
	return r.Seal(plaintext, purpose)
}

func (k key) seal(plaintext []byte, purpose string) []byte {
	header := append([]byte{formatVersion}, k.id[:]...)
	return k.aead.Seal(header, nil, plaintext, additionalData(header, purpose))
}

// Open decrypts what Seal made. It fails with ErrWrongKey or ErrDamaged.
func (r *Keyring) Open(sealed []byte, purpose string) ([]byte, error) {
	if len(sealed) < headerSize || sealed[0] != formatVersion {
		return nil, ErrDamaged
	}
	header, box := sealed[:headerSize], sealed[headerSize:]
	for _, k := range r.keys {
		if string(k.id[:]) != string(header[1:]) {
			continue
		}
		plaintext, err := k.aead.Open(nil, nil, box, additionalData(header, purpose))
		if err != nil {
			return nil, ErrDamaged
		}
		return plaintext, nil
	}
	return nil, ErrWrongKey
}

func additionalData(header []byte, purpose string) []byte {
	return append(append([]byte(nil), header...), purpose...)
}

// NewSecret mints a random secret of 256 bits, as hex.
func NewSecret() string {
	raw := make([]byte, keySize)
	rand.Read(raw) // Never fails: crypto/rand crashes the program instead (since Go 1.24).
	return hex.EncodeToString(raw)
}
