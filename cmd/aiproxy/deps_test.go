package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "aiproxy/"

// floor says what a part of the house may import of the others, and why not more.
type floor struct {
	may []string
	why string
}

// floors are the arrows of the floor plan: a package belongs to the longest prefix.
func floors() map[string]floor {
	return map[string]floor{
		"cmd":       {may: []string{"cmd", "gateway", "store", "providers", "fsm", "scripts"}, why: "it wires everything"},
		"gateway":   {may: []string{"gateway", "providers", "fsm"}, why: "what it needs of the store it declares as interfaces"},
		"store":     {may: []string{"store", "fsm"}, why: "it replicates state without knowing what it is for"},
		"providers": {may: []string{"providers"}, why: "upstreams know neither the gateway nor the cluster"},
		"fsm":       {may: []string{"fsm"}, why: "what replicas must agree on depends on nothing else"},
		"scripts":   {may: []string{"scripts", "store", "fsm"}, why: "measurements stand outside: they run the program, or are users of the store as it is"},
	}
}

// TestImportArrows fails on every import that the floor plan forbids.
func TestImportArrows(t *testing.T) {
	t.Parallel()
	plan := floors()
	for pkg, imports := range packageImports(t) {
		part, _, _ := strings.Cut(strings.TrimPrefix(pkg, module), "/")
		rule, ok := plan[part]
		if !ok {
			t.Errorf("%s: there is no part %q in the floor plan", pkg, part)
			continue
		}
		for _, imported := range imports {
			target, _, _ := strings.Cut(strings.TrimPrefix(imported, module), "/")
			if !slices.Contains(rule.may, target) {
				t.Errorf("%s imports %s, but %s may import only %v: %s", pkg, imported, part, rule.may, rule.why)
			}
			if target == "cmd" && !strings.HasPrefix(imported, module+"cmd/aiproxy/internal") {
				t.Errorf("%s imports %s: nothing imports the program", pkg, imported)
			}
		}
	}
}

// TestFSMDoesNoIO keeps the network, randomness and the like out of the state machine.
func TestFSMDoesNoIO(t *testing.T) {
	t.Parallel()
	imports := directImports(t, "aiproxy/fsm")
	for _, banned := range []string{"net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "os/exec"} {
		if slices.Contains(imports, banned) {
			t.Errorf("fsm imports %s: applying a command is deterministic and does no I/O but the mirror's", banned)
		}
	}
}

// packageImports maps the module's packages to those of the module that they depend on, tests aside.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, line := range goList(t, "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./...") {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		all[fields[0]] = nil
		for _, dep := range fields[1:] {
			if strings.HasPrefix(dep, module) {
				all[fields[0]] = append(all[fields[0]], dep)
			}
		}
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

func directImports(t *testing.T, pkg string) []string {
	t.Helper()
	return goList(t, "-f", "{{join .Imports \"\\n\"}}", pkg)
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
