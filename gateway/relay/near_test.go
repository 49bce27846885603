package relay_test

import (
	"net/http"
	"strings"
	"testing"

	"aiproxy/gateway/relay"
	"aiproxy/providers"
)

func TestUnknownModelTellsNearNames(t *testing.T) {
	t.Parallel()
	v := view(at("a", "http://unused", "gpt-4o", "gpt-4o-mini", "o3*"))
	url := serve(t, relay.Config{Router: newRouter(t, v, &fake{name: providers.OpenAICustom})}).URL
	got := post(t, url, `{"model":"gpt-4p","messages":[]}`)
	if got.status != http.StatusNotFound || !strings.Contains(got.body, `did you mean \"gpt-4o\"?`) || !strings.Contains(got.body, "gpt-4o-mini, o3*") {
		t.Errorf("%d %s", got.status, got.body)
	}
}
