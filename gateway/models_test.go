package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway"
	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// catalog is a provider whose instances list the models that stand beside their names.
func catalog(name string, offers map[string][]string) fakeProvider {
	return fakeProvider{name: name, models: func(_ context.Context, in *providers.Instance) ([]dialect.Model, error) {
		offer, ok := offers[in.Name]
		if !ok {
			return nil, errors.New("connection refused")
		}
		models := make([]dialect.Model, 0, len(offer))
		for _, id := range offer {
			models = append(models, dialect.Model{ID: id, OwnedBy: "upstream of " + in.Name, Created: 17})
		}
		return models, nil
	}}
}

func instance(provider, name string, models ...string) *providers.Instance {
	return &providers.Instance{Name: name, Provider: provider, BaseURL: "http://" + name, Models: models, Weight: 1}
}

// modelIDs asks for a list of models.
func modelIDs(tb testing.TB, g *gateway.Gateway, target string, header ...string) []string {
	tb.Helper()
	got := ask(g, http.MethodGet, target, "", header...)
	if got.Code != http.StatusOK {
		tb.Fatalf("GET %s: %d %s", target, got.Code, got.Body)
	}
	var list struct {
		Object string
		Data   []struct{ ID, Object string }
	}
	if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil {
		tb.Fatal(err)
	}
	if list.Object != "list" || list.Data == nil {
		tb.Errorf("answer = %s", got.Body)
	}
	ids := []string{}
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	return ids
}

func newCatalogGateway(tb testing.TB) *gateway.Gateway {
	tb.Helper()
	return newGateway(tb, setup{
		registry: providers.NewRegistry(
			catalog("openai-custom", map[string][]string{
				"a": {"gpt-4o", "gpt-4o-mini", "o3", "meta/llama-3:70b", "50%"},
				"b": {"gpt-4o", "text-embedding-3-small"},
				"c": {"never asked"},
			}),
			catalog("kiro-api", map[string][]string{"k": {"claude-sonnet-4", "other"}}),
		),
		instances: []*providers.Instance{
			instance("openai-custom", "a"),
			instance("openai-custom", "b", "gpt-4o*", "private-model"),
			instance("openai-custom", "c", "only-this", "o3"),
			instance("openai-custom", "down"),
			instance("kiro-api", "k", "claude-*"),
			instance("not-built-in", "x"),
		},
	})
}

func TestModelsAreTheUnion(t *testing.T) {
	t.Parallel()
	g := newCatalogGateway(t)
	openai := []string{"50%", "gpt-4o", "gpt-4o-mini", "meta/llama-3:70b", "o3", "only-this", "private-model"}
	tests := []struct {
		name, target string
		header       []string
		want         []string
	}{
		{"all", "/v1/models", nil, append([]string{"50%", "claude-sonnet-4"}, openai[1:]...)},
		{"by path", "/openai/v1/models", nil, openai},
		{"by header", "/v1/models", []string{"Model-Provider", "kiro"}, []string{"claude-sonnet-4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, modelIDs(t, g, tt.target, tt.header...)); diff != "" {
				t.Errorf("models (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAPanicOfAProviderIsAnAnswer covers the goroutines that ask upstreams: the node must outlive them.
func TestAPanicOfAProviderIsAnAnswer(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	g := newGateway(t, setup{
		log: log,
		registry: providers.NewRegistry(fakeProvider{name: "openai-custom", models: func(context.Context, *providers.Instance) ([]dialect.Model, error) {
			panic("a broken invariant")
		}}),
		instances: []*providers.Instance{instance("openai-custom", "a"), instance("openai-custom", "b")},
	})
	for range 2 {
		got := ask(g, http.MethodGet, "/v1/models", "")
		if e := wantError(t, got.Code, got.Header(), got.Body.Bytes()); got.Code != http.StatusInternalServerError || e.code() != "internal_error" {
			t.Errorf("answer = %d %s", got.Code, got.Body)
		}
	}
	records := log.records(t, "recovered from a panic in a handler")
	if len(records) != 2 || !strings.Contains(fmt.Sprint(records[0]["panic"]), "a broken invariant") ||
		!strings.Contains(fmt.Sprint(records[0]["panic"]), "TestAPanicOfAProviderIsAnAnswer") {
		t.Errorf("records = %v", records)
	}
}

func TestNoInstancesNoModels(t *testing.T) {
	t.Parallel()
	if got := modelIDs(t, newGateway(t, setup{}), "/v1/models"); len(got) != 0 {
		t.Errorf("models = %v", got)
	}
}

func TestOneModel(t *testing.T) {
	t.Parallel()
	g := newCatalogGateway(t)
	tests := []struct{ target, id, owner string }{
		{"/v1/models/gpt-4o", "gpt-4o", "upstream of a"},
		{"/v1/models/only-this", "only-this", "openai-custom"},
		{"/v1/models/meta/llama-3:70b", "meta/llama-3:70b", "upstream of a"},
		{"/v1/models/meta%2Fllama-3%3A70b", "meta/llama-3:70b", "upstream of a"},
		{"/v1/models/50%25", "50%", "upstream of a"},
		{"/v1/models/openai/gpt-4o", "openai/gpt-4o", "upstream of a"},
		{"/v1/models/openai-custom%2Fmeta/llama-3:70b", "openai-custom/meta/llama-3:70b", "upstream of a"},
		{"/kiro/v1/models/claude-sonnet-4", "claude-sonnet-4", "upstream of k"},
		{"/v1/models/none", "", ""},
		{"/v1/models/kiro/gpt-4o", "", ""},
		{"/kiro/v1/models/gpt-4o", "", ""},
		{"/v1/models/text-embedding-3-small", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			got := ask(g, http.MethodGet, tt.target, "")
			if tt.id == "" {
				if e := wantError(t, got.Code, got.Header(), got.Body.Bytes()); got.Code != http.StatusNotFound || e.code() != "model_not_found" {
					t.Errorf("answer = %d %s", got.Code, got.Body)
				}
				return
			}
			var m struct {
				ID, Object string
				OwnedBy    string `json:"owned_by"`
			}
			if err := json.Unmarshal(got.Body.Bytes(), &m); err != nil || got.Code != http.StatusOK {
				t.Fatalf("answer = %d %s, %v", got.Code, got.Body, err)
			}
			if m.ID != tt.id || m.Object != "model" || m.OwnedBy != tt.owner {
				t.Errorf("answer = %s", got.Body)
			}
		})
	}
}

func TestModelListsAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		broken := false
		g := newGateway(t, setup{
			registry: providers.NewRegistry(fakeProvider{name: "p", models: func(context.Context, *providers.Instance) ([]dialect.Model, error) {
				asked++
				if broken {
					return nil, errors.New("no answer")
				}
				return []dialect.Model{{ID: fmt.Sprintf("m%d", asked)}}, nil
			}}),
			instances: []*providers.Instance{instance("p", "a")},
		})
		steps := []struct {
			wait   time.Duration
			broken bool
			want   string
			asked  int
		}{
			{0, false, "m1", 1},
			{59 * time.Second, false, "m1", 1},
			{2 * time.Second, false, "m2", 2},
			{61 * time.Second, true, "m2", 3},
			{9 * time.Second, true, "m2", 3},
			{2 * time.Second, false, "m4", 4},
		}
		for i, step := range steps {
			<-time.After(step.wait)
			broken = step.broken
			if got := strings.Join(modelIDs(t, g, "/v1/models"), " "); got != step.want || asked != step.asked {
				t.Errorf("step %d: models %q after %d questions, want %q after %d", i, got, asked, step.want, step.asked)
			}
		}
	})
}

func TestSlowUpstreamsDelayTheListBoundedly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var most, now atomic.Int64
		slow := fakeProvider{name: "p", models: func(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
			if in.Name == "quick" {
				return []dialect.Model{{ID: "quick"}}, nil
			}
			n := now.Add(1)
			defer now.Add(-1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		instances := []*providers.Instance{instance("p", "quick")}
		for i := range 20 {
			instances = append(instances, instance("p", fmt.Sprintf("slow%d", i)))
		}
		g := newGateway(t, setup{registry: providers.NewRegistry(slow), instances: instances})
		began := time.Now()
		if diff := cmp.Diff([]string{"quick"}, modelIDs(t, g, "/v1/models")); diff != "" {
			t.Errorf("models (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 11*time.Second || most.Load() > 16 {
			t.Errorf("took %s with %d questions at a time", took, most.Load())
		}
	})
}

func TestManyClientsAskAnUpstreamOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	g := newGateway(t, setup{
		registry: providers.NewRegistry(fakeProvider{name: "p", models: func(context.Context, *providers.Instance) ([]dialect.Model, error) {
			asked.Add(1)
			return []dialect.Model{{ID: "m"}}, nil
		}}),
		instances: []*providers.Instance{instance("p", "a")},
	})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { ask(g, http.MethodGet, "/v1/models", "") })
	}
	wg.Wait()
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestClientThatLeavesDoesNotSpoilTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := true
		g := newGateway(t, setup{
			registry: providers.NewRegistry(fakeProvider{name: "p", models: func(ctx context.Context, _ *providers.Instance) ([]dialect.Model, error) {
				if first {
					first = false
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return []dialect.Model{{ID: "m"}}, nil
			}}),
			instances: []*providers.Instance{instance("p", "a")},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		askContext(ctx, g, "/v1/models")
		if diff := cmp.Diff([]string{"m"}, modelIDs(t, g, "/v1/models")); diff != "" {
			t.Errorf("models (-want +got):\n%s", diff)
		}
	})
}
