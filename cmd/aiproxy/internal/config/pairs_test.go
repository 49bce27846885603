package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aiproxy/cmd/aiproxy/internal/config"
)

// TestPairs loads every pair of files in testdata. A bad file is named for its one mistake and begins with a line
// "# want: …" for each fault that it must be reported with; the good file is the same without the mistake.
func TestPairs(t *testing.T) {
	t.Parallel()
	bad, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(bad) < 40 {
		t.Fatalf("found %d bad files only", len(bad))
	}
	vars := map[string]string{"SET_VARIABLE": "sk-from-the-environment"}
	for _, path := range bad {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".bad.yaml"), func(t *testing.T) {
			t.Parallel()
			if _, err := load(t, []string{"--config", strings.Replace(path, ".bad.", ".good.", 1)}, vars); err != nil {
				t.Errorf("the good file has faults:\n%v", err)
			}
			_, err := load(t, []string{"--config", path}, vars)
			faults, ok := errors.AsType[config.Faults](err)
			if !ok {
				t.Fatalf("got %v, want faults", err)
			}
			got := strings.Split(strings.ReplaceAll(faults.Error(), "testdata/"+filepath.Base(path), filepath.Base(path)), "\n")
			if diff := cmp.Diff(wanted(t, path), got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if strings.Contains(faults.Error(), "hush") || strings.Contains(faults.Error(), "one-key") {
				t.Errorf("the report shows a secret:\n%v", faults)
			}
		})
	}
}

// wanted returns the faults that a bad file announces.
func wanted(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(content)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: "); ok {
			want = append(want, text)
		}
	}
	return want
}
