package main

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionCommand(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := newVersionCommand()
	cmd.SetArgs(nil)
	cmd.SetOut(&out)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(out.String())
	if len(fields) != 4 || fields[0] != "aiproxy" || fields[2] != runtime.Version() || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("got %q", out.String())
	}
}

func TestRecordedVersion(t *testing.T) {
	t.Parallel()
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "false"}}
	changed := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"}}
	for _, test := range []struct {
		name, module string
		settings     []debug.BuildSetting
		want         string
	}{
		{"a released module", "v1.2.3", commit, "v1.2.3"},
		{"a commit", "(devel)", commit, "devel-0123456789ab"},
		{"a commit with changes", "(devel)", changed, "devel-0123456789ab+modified"},
		{"nothing known", "", nil, "devel"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			info := &debug.BuildInfo{Main: debug.Module{Version: test.module}, Settings: test.settings}
			if got := recordedVersion(info); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
