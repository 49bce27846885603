//go:build linux

package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"aiproxy/scripts/bench/proc"
)

// NginxHint tells how to get nginx on the systems that its figures are compared on.
const NginxHint = "apt-get install nginx-light"

// FindNginx returns the path of the system's nginx. Debian puts it where only the superuser's search path leads.
func FindNginx() (string, bool) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// nginxConfig is nginx at its best for this work: as many workers as the reference machine has processors, kept-alive
// connections on both sides that no request limit closes, bodies that stay in memory, and no log.
const nginxConfig = `{{if .Root}}user root;{{end}}
daemon off;
worker_processes 2;
pid {{.Dir}}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path {{.Dir}}/body;
	proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fastcgi;
	uwsgi_temp_path {{.Dir}}/uwsgi;
	scgi_temp_path {{.Dir}}/scgi;
	client_body_buffer_size 128k;
	client_max_body_size 32m;
	keepalive_requests 1000000000;
	map $http_authorization $allowed {
		default 0;
		"Bearer {{.ClientKey}}" 1;
	}
	upstream provider {
		server {{.Upstream}};
		keepalive 512;
		keepalive_requests 1000000000;
	}
	server {
		listen {{.Addr}} backlog=1024;
		location /v1/ {
			if ($allowed = 0) { return 401; }
			proxy_pass http://provider;
			proxy_http_version 1.1;
			proxy_buffering off;
			proxy_set_header Connection "";
			proxy_set_header Authorization "Bearer {{.UpstreamKey}}";
		}
	}
}
`

func (b Bed) startNginx(ctx context.Context, upstream string) (*Server, error) {
	dir, err := b.directory(Nginx)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := writeNginxConfig(config, dir, addr, upstream); err != nil {
		return nil, fmt.Errorf("write configuration of nginx: %w", err)
	}
	s := &Server{Name: Nginx, Addr: addr, Key: clientKey}
	return b.launch(ctx, s, proc.Spec{
		Path: b.NginxPath, Args: []string{"-p", dir, "-c", config, "-e", "stderr"},
	}, connects)
}

func writeNginxConfig(path, dir, addr, upstream string) error {
	parsed, err := template.New("nginx.conf").Parse(nginxConfig)
	if err != nil {
		return err
	}
	var text strings.Builder
	err = parsed.Execute(&text, map[string]any{
		"Root": os.Geteuid() == 0, "Dir": dir, "Addr": addr, "Upstream": upstream,
		"ClientKey": clientKey, "UpstreamKey": upstreamKey,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}
