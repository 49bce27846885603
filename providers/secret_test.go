package providers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"aiproxy/providers"
)

const plaintext = "sk-plaintext"

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := providers.Secret(plaintext)
	in := providers.Instance{Name: "a", APIKey: secret}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%!"} {
		fmt.Fprintf(&out, verb+"\n", secret)
		fmt.Fprintf(&out, verb+"\n", in)
		fmt.Fprintf(&out, verb+"\n", &in)
		fmt.Fprintf(&out, verb+"\n", []providers.Secret{secret})
	}
	fmt.Fprintln(&out, fmt.Errorf("use %v: %w", secret, errors.New("x")))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("logged", "secret", secret, "instance", in)
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"secret": secret, "in": in}); err != nil {
		t.Fatal(err)
	}
	hex := fmt.Sprintf("%x", plaintext)
	for _, form := range []string{plaintext, hex, strings.ToUpper(hex)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%s is in\n%s", form, out.String())
		}
	}
	if !strings.Contains(out.String(), "[secret]") {
		t.Errorf("no mask in\n%s", out.String())
	}
}

func TestSecretReveals(t *testing.T) {
	t.Parallel()
	if got := providers.Secret(plaintext).Reveal(); got != plaintext {
		t.Error(got)
	}
	if got := fmt.Sprint(providers.Secret("")); got != "" {
		t.Errorf("the empty secret prints as %q", got)
	}
}
