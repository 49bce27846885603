package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"aiproxy/store/seal"
)

func ring(t *testing.T, secret string, older ...string) *seal.Keyring {
	t.Helper()
	var rest [][]byte
	for _, s := range older {
		rest = append(rest, []byte(s))
	}
	r, err := seal.New([]byte(secret), rest...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	const purpose = "instance/a/api_key"
	sealed := ring(t, "one").Seal([]byte("sk-secret"), purpose)
	if bytes.Contains(sealed, []byte("sk-secret")) {
		t.Fatal("sealed value holds the plaintext")
	}
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1

	tests := []struct {
		name    string
		ring    *seal.Keyring
		value   []byte
		purpose string
		err     error
	}{
		{"same secret", ring(t, "one"), sealed, purpose, nil},
		{"secret kept as an older one", ring(t, "two", "one"), sealed, purpose, nil},
		{"another secret", ring(t, "two"), sealed, purpose, seal.ErrWrongKey},
		{"another purpose", ring(t, "one"), sealed, "instance/b/api_key", seal.ErrDamaged},
		{"altered", ring(t, "one"), damaged, purpose, seal.ErrDamaged},
		{"cut short", ring(t, "one"), sealed[:10], purpose, seal.ErrDamaged},
		{"empty", ring(t, "one"), nil, purpose, seal.ErrDamaged},
		{"plaintext", ring(t, "one"), []byte("sk-secret"), purpose, seal.ErrDamaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.ring.Open(tt.value, tt.purpose)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.err == nil && string(got) != "sk-secret" {
				t.Fatalf("opened %q", got)
			}
		})
	}
}

func TestSealNeverRepeats(t *testing.T) {
	t.Parallel()
	r := ring(t, "one")
	if bytes.Equal(r.Seal([]byte("x"), "p"), r.Seal([]byte("x"), "p")) {
		t.Fatal("two seals of one value are equal")
	}
}

func TestEmptySecretIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := seal.New(nil); err == nil {
		t.Fatal("an empty secret was accepted")
	}
}
