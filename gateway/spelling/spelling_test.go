package spelling_test

import (
	"strings"
	"testing"

	"aiproxy/gateway/spelling"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"weight", "enabled", "base_url", "api_key"}
	for text, want := range map[string]string{
		"wieght":                "weight",
		"Base-URL":              "base_url",
		"enable":                "enabled",
		"apikey":                "api_key",
		"colour":                "",
		strings.Repeat("w", 99): "",
	} {
		if got := spelling.Nearest(text, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", text, got, want)
		}
	}
}
