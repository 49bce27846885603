package openaicustom_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/simulator"
)

func TestModelsOfManyShapes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reply string
		want        []dialect.Model
	}{
		{
			"openai", `{"object":"list","data":[{"id":"a","object":"model","created":7,"owned_by":"o"},{"id":"org/b:1"}]}`,
			[]dialect.Model{{ID: "a", Created: 7, OwnedBy: "o"}, {ID: "org/b:1"}},
		},
		{"bare array", `[{"id":"a"},"b"]`, []dialect.Model{{ID: "a"}, {ID: "b"}}},
		{"models with names", `{"models":[{"name":"a"},{"model":"b"}]}`, []dialect.Model{{ID: "a"}, {ID: "b"}}},
		{
			"odd fields", `{"data":[{"id":"a","created":"2024-01-01","owned_by":{}},{"id":"b","created":1.5e9},{"id":"c","created":-1}]}`,
			[]dialect.Model{{ID: "a"}, {ID: "b", Created: 1_500_000_000}, {ID: "c"}},
		},
		{"entries without a name", `{"data":[{"id":""},{},null,7,[],{"id":"a"}]}`, []dialect.Model{{ID: "a"}}},
		{"none", `{"data":[]}`, []dialect.Model{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/v1/models" || r.Header.Get("Authorization") != "Bearer upstream-key" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				_, _ = io.WriteString(w, test.reply)
			}))
			for name, rt := range transports(t) {
				got, err := provider(rt).Models(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s:\n%s", name, diff)
				}
			}
		})
	}
}

func TestModelsThatCannotBeListed(t *testing.T) {
	t.Parallel()
	endless := `{"data":["` + strings.Repeat("x", 9<<20) + `"]}`
	for _, test := range []struct {
		name, reply string
		status      int
		class       providers.Class
	}{
		{"html", "<html>", 200, providers.ClassProvider},
		{"no list", `{"error":"none"}`, 200, providers.ClassProvider},
		{"wrong list", `{"data":{"id":"a"}}`, 200, providers.ClassProvider},
		{"endless", endless, 200, providers.ClassProvider},
		{"unauthorized", `{}`, 401, providers.ClassCredential},
		{"not there", `{}`, 404, providers.ClassCaller},
		{"broken", `{}`, 500, providers.ClassProvider},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.reply)
			}))
			for name, rt := range transports(t) {
				_, err := provider(rt).Models(t.Context(), in)
				fault, ok := errors.AsType[*providers.Error](err)
				if !ok || fault.Class != test.class {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func TestModelsOfTheSimulator(t *testing.T) {
	t.Parallel()
	in := serve(t, simulator.New(simulator.Options{Models: []string{"a", "b"}}))
	got, err := provider(transports(t)["upstream"]).Models(t.Context(), in)
	if err != nil || len(got) != 2 || got[1].ID != "b" {
		t.Errorf("got %v, %v", got, err)
	}
}
