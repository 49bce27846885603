package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"aiproxy/store/peer"
)

// raftLogger joins Raft's logger to slog. Raft's own levels are kept, but what it calls INFO is of no interest to an
// operator who reads the store's own events: it becomes DEBUG.
func raftLogger(logger *slog.Logger) hclog.Logger {
	level := hclog.Warn
	if logger.Enabled(context.Background(), slog.LevelDebug) {
		level = hclog.Info
	}
	joined := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Output: io.Discard, Level: level})
	joined.RegisterSink(raftSink{
		logger: logger.With("component", "raft"), level: level, repeats: newRepeats(),
	})
	return joined
}

type raftSink struct {
	logger  *slog.Logger
	level   hclog.Level
	repeats *repeats
}

// Accept implements hclog.SinkAdapter.
func (s raftSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	if level < s.level {
		return
	}
	severity := s.severity(level, message, args)
	s.logger.LogAttrs(context.Background(), severity, message, attrs(args)...) //nolint:sloglint // The message is Raft's.
}

func (s raftSink) severity(level hclog.Level, message string, args []any) slog.Level {
	switch {
	case level < hclog.Warn || routine(message) || expected(args) || s.repeats.again(message, args):
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

// expected tells that Raft complains of what the store brought about: it has called on a node that was just admitted
// and does not know it yet, or this node is stopping and has closed Raft's streams. Raft's decoder keeps only the text
// of the latter.
func expected(args []any) bool {
	for _, arg := range args {
		err, ok := arg.(error)
		if !ok {
			continue
		}
		refused, ok := errors.AsType[*peer.RefusedError](err)
		if ok && refused.Code == peer.CodeNoCluster || errors.Is(err, peer.ErrClosed) || errors.Is(err, peer.ErrPaused) ||
			strings.Contains(err.Error(), net.ErrClosed.Error()) {
			return true
		}
	}
	return false
}

// repeatPause is how long a complaint of Raft's about the same node is not repeated: Raft complains several times a
// second for as long as a node is away.
const repeatPause = time.Minute

// repeats remembers which complaints were made lately.
type repeats struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func newRepeats() *repeats { return &repeats{last: map[string]time.Time{}} }

// again tells that the same complaint about the same node was made lately. The first argument names the node where
// one is concerned; messages and nodes are few, so the map stays small.
func (r *repeats) again(message string, args []any) bool {
	key := message
	if len(args) > 1 && (args[0] == "peer" || args[0] == "server-id") {
		key += fmt.Sprint(plain(args[1]))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.last[key]) < repeatPause {
		return true
	}
	r.last[key] = time.Now()
	return false
}

// attrs turns hclog's alternating keys and values into attributes. hclog promises that the keys are strings.
func attrs(args []any) []slog.Attr {
	var out []slog.Attr
	for i := 0; i+1 < len(args); i += 2 {
		key, ok := args[i].(string)
		if !ok {
			continue
		}
		out = append(out, slog.Any(attrKey(key), plain(args[i+1])))
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

// attrKey gives Raft's keys the form of ours.
func attrKey(key string) string { return strings.NewReplacer("-", "_", " ", "_").Replace(key) }
