package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"aiproxy/cmd/aiproxy/internal/config"
)

// FuzzLoad loads any bytes as a file. Load must not panic; it returns either faults of one line each, or a
// configuration that prints as YAML.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte(sampleHead + sampleInstances + sampleTail))
	f.Add([]byte("a: &a [*a]\n? [x]\n: y\n<<: *a\n"))
	vars := map[string]string{"SET_VARIABLE": "value"}
	path := filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := load(t, []string{"--config", path}, vars)
		if err != nil {
			faults, ok := errors.AsType[config.Faults](err)
			if !ok || len(faults) == 0 {
				t.Fatalf("an error without faults: %v", err)
			}
			for _, one := range faults {
				if strings.ContainsAny(one.String(), "\n\r") {
					t.Errorf("a fault is longer than a line: %q", one.String())
				}
			}
			return
		}
		var out map[string]any
		if err := yaml.Unmarshal([]byte(printed(t, c)), &out); err != nil {
			t.Errorf("what is printed is not YAML: %v\n%s", err, printed(t, c))
		}
	})
}
