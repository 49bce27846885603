package metrics_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aiproxy/gateway/metrics"
)

var update = flag.Bool("update", false, "write this package's part of docs/metrics.md instead of comparing it")

const (
	docs = "../../docs/metrics.md"
	// nextHeading begins the parts of the file that belong to the packages whose collectors are registered here: each
	// holds its own table against them.
	nextHeading = "\n## "
)

const preamble = `# Metrics

Served in Prometheus' text format at ` + "`GET /metrics`" + `, without a key, on the main port and on the port of
` + "`--metrics-port`" + `. Beside these there are the usual ` + "`go_*`" + ` and ` + "`process_*`" + ` metrics of the runtime and the process.

Label values are bounded. ` + "`route`" + ` is the template of a route, ` + "`other`" + ` for a request that matches none. ` + "`model`" + ` is
a name that an instance's configuration lists, or one of the first 100 others that an upstream has answered for;
every further name is ` + "`other`" + `. A status that HTTP does not define is ` + "`other`" + ` too.

| name | type | labels | meaning |
|---|---|---|---|
`

// TestDocumentation holds docs/metrics.md, up to its first heading of others, against the collectors; with -update it
// writes that part.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(preamble)
	for _, f := range metrics.Families() {
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Labels, ", "), f.Help)
	}
	written, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	table, others, more := strings.Cut(string(written), nextHeading)
	if *update {
		table = text.String()
		whole := table
		if more {
			whole += nextHeading + others
		}
		if err := os.WriteFile(docs, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(text.String(), table); diff != "" {
		t.Errorf("docs/metrics.md is not what the collectors are; run this test with -update (-want +got):\n%s", diff)
	}
}

// TestFamiliesAreWhatIsScraped compares the list of families, from which the documentation is made, with a scrape.
func TestFamiliesAreWhatIsScraped(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	route := m.Route(http.MethodGet, "/healthz")
	route.Begin()
	route.End(200, time.Millisecond)
	m.ProviderRequest("p", "i", "m", 200)
	m.ProviderError("p", "i", "quota")
	m.Tokens("p", "m", 1, 1)
	m.FirstByte("p", "i", time.Millisecond)

	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	scraped := make(map[string]string)
	for line := range strings.Lines(recorder.Body.String()) {
		if rest, ok := strings.CutPrefix(line, "# TYPE aiproxy_"); ok {
			name, kind, _ := strings.Cut(strings.TrimSpace(rest), " ")
			scraped["aiproxy_"+name] = kind
		}
	}
	listed := make(map[string]string)
	for _, f := range metrics.Families() {
		listed[f.Name] = f.Type
	}
	if diff := cmp.Diff(listed, scraped); diff != "" {
		t.Errorf("families (-listed +scraped):\n%s", diff)
	}
}
