//go:build linux

package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aiproxy/scripts/bench/proc"
)

func TestNodesOfAIProxy(t *testing.T) {
	t.Parallel()
	bed := Bed{Dir: t.TempDir(), Binary: "/bin/aiproxy"}
	tests := []struct {
		name         string
		addrs        []string
		i            int
		want, absent string
	}{
		{name: "alone", addrs: []string{"127.0.0.1:1"}, want: "--host 127.0.0.1 --port 1 --api-key", absent: "--cluster-enabled"},
		{
			name: "first of a cluster", addrs: []string{"127.0.0.1:1", "127.0.0.1:2"},
			want: "--cluster-enabled --node-id node1 --node-address 127.0.0.1:1", absent: "--seed-nodes",
		},
		{
			name: "third of a cluster", addrs: []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}, i: 2,
			want: "--node-id node3 --node-address 127.0.0.1:3 --seed-nodes 127.0.0.1:1,127.0.0.1:2", absent: "--node-id node1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec, err := bed.node(tt.i, tt.addrs, "127.0.0.1:9")
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Join(spec.Args, " ")
			if !strings.Contains(line, tt.want) || strings.Contains(line, tt.absent) {
				t.Errorf("got %s", line)
			}
			if !strings.Contains(line, "--openai-base-url http://127.0.0.1:9/v1") {
				t.Errorf("no upstream in %s", line)
			}
		})
	}
}

func TestNginxConfigKeepsEverythingInItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "nginx.conf")
	if err := writeNginxConfig(path, dir, "127.0.0.1:1", "127.0.0.1:2"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"pid " + dir + "/nginx.pid;", "client_body_temp_path " + dir, "proxy_temp_path " + dir,
		"listen 127.0.0.1:1 ", "server 127.0.0.1:2;", `"Bearer ` + clientKey + `" 1;`, `"Bearer ` + upstreamKey + `";`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in the configuration", want)
		}
	}
}

func TestStartTellsWhyAServerDoesNotGetReady(t *testing.T) {
	t.Parallel()
	bed := Bed{Dir: t.TempDir()}
	spec := proc.Spec{Path: "/bin/sh", Args: []string{"-c", "echo port is taken; exit 4"}}
	_, err := bed.start(t.Context(), "shell", "127.0.0.1:1", spec, connects)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"shell: not ready", "exit status 4", "port is taken"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}

func TestReadyIsWhatReadyzSays(t *testing.T) {
	t.Parallel()
	status := http.StatusServiceUnavailable
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("[-]leader none"))
	}))
	defer server.Close()
	addr := server.Listener.Addr().String()
	if err := saysReady(t.Context(), addr); err == nil || !strings.Contains(err.Error(), "[-]leader none") {
		t.Errorf("got %v", err)
	}
	status = http.StatusOK
	if err := saysReady(t.Context(), addr); err != nil {
		t.Error(err)
	}
}
