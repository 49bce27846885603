package simulator

import (
	"os"
	"strings"
	"testing"
)

// TestScriptsAreDocumented holds the list of scripts and the package comment to the scripts that there are.
func TestScriptsAreDocumented(t *testing.T) {
	t.Parallel()
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(Scripts()), "\n") {
		if line != "" && !strings.Contains(string(comment), "//\t"+line+"\n") {
			t.Errorf("the package comment lacks %q", line)
		}
	}
	for name := range fixedScripts {
		if _, with := scriptsWithArgument[name]; !with && !strings.Contains(Scripts(), scriptPrefix+name) {
			t.Errorf("the list lacks %s", name)
		}
	}
	for name := range scriptsWithArgument {
		if !strings.Contains(Scripts(), scriptPrefix+name+"-") && !strings.Contains(Scripts(), scriptPrefix+name+"[-") {
			t.Errorf("the list lacks %s", name)
		}
	}
}
