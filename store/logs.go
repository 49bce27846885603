package store

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// raftLogger joins Raft's logger to slog. Raft's own levels are kept, but what it calls INFO is of no interest to an
// operator who reads the store's own events: it becomes DEBUG.
func raftLogger(logger *slog.Logger) hclog.Logger {
	level := hclog.Warn
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		level = hclog.Info
	}
	joined := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Output: io.Discard, Level: level})
	joined.RegisterSink(raftSink{logger: logger.With("component", "raft"), level: level})
	return joined
}

type raftSink struct {
	logger *slog.Logger
	level  hclog.Level
}

// Accept implements hclog.SinkAdapter.
func (s raftSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	if level < s.level {
		return
	}
	s.logger.LogAttrs(context.Background(), severityOf(level, message), message, attrs(args)...)
}

func severityOf(level hclog.Level, message string) slog.Level {
	switch {
	case level < hclog.Warn || routine(message):
		return slog.LevelDebug
	case level == hclog.Warn:
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}

// routine tells that Raft warns of something that belongs to normal life: a node that joins or starts has no peers
// or no log yet, and a node that stops or is killed leaves its connections open-ended.
func routine(message string) bool {
	switch message {
	case "no known peers, aborting election",
		"failed to get previous log",
		"appendEntries rejected, sending older logs",
		"failed to decode incoming command":
		return true
	default:
		return false
	}
}

// attrs turns hclog's alternating keys and values into attributes. hclog promises that the keys are strings.
func attrs(args []any) []slog.Attr {
	var out []slog.Attr
	for i := 0; i+1 < len(args); i += 2 {
		key, ok := args[i].(string)
		if !ok {
			continue
		}
		out = append(out, slog.Any(strings.ReplaceAll(key, "-", "_"), plain(args[i+1])))
	}
	return out
}

// plain gives what slog's handlers would otherwise show as a struct or a list: an error inside, a format, a stringer.
func plain(value any) any {
	switch v := value.(type) {
	case hclog.Format:
		if len(v) > 0 {
			return fmt.Sprintf(fmt.Sprint(v[0]), v[1:]...)
		}
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case raft.Server, []raft.Server:
		return fmt.Sprintf("%+v", v)
	}
	return value
}
