//go:build chaos && linux

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	firstLevel   = 1
	currentLevel = 2
)

// upgrade is C19: a cluster of the first release is upgraded node by node, with kills, while both releases get writes of both levels. What
// only the new release understands is refused until all nodes run it.
func upgrade(w *world) {
	w.form(3, func(n *node) { n.program = w.programs.levelOne })
	w.checkLevel(firstLevel)
	for done, i := range w.random.Perm(len(w.nodes)) {
		n := w.nodes[i]
		n.fall()
		if w.random.IntN(2) == 0 {
			n.kill()
		} else {
			n.stop()
		}
		n.program = w.programs.current
		n.start()
		w.awaitHealthy(w.nodes...)
		w.awaitLoad()
		if done == len(w.nodes)-1 {
			break
		}
		w.checkLevel(firstLevel)
		w.refuseNew(n)
		if !testing.Short() {
			leader := w.leader(w.nodes...)
			leader.kill()
			leader.start()
			w.awaitHealthy(w.nodes...)
			w.refuseNew(n)
		}
	}
	w.eventually(patience, "the feature level rises", func() string {
		for _, n := range w.nodes {
			if level := n.status().FeatureLevel; level != currentLevel {
				return fmt.Sprintf("%s is at level %d", n.id, level)
			}
		}
		return ""
	})
	w.event("feature level %d", currentLevel)
	if code, said := w.writeWhole(w.nodes[0]); code != http.StatusOK {
		w.t.Errorf("a write of level %d, when all nodes have it: %d %s", currentLevel, code, said)
	}
	w.refuseDowngrade(w.without(w.leader(w.nodes...))[0])
	w.finish(w.nodes...)
}

// checkLevel checks that all nodes are at the level.
func (w *world) checkLevel(want int) {
	w.t.Helper()
	for _, n := range w.nodes {
		if got := n.status().FeatureLevel; got != want {
			w.t.Errorf("%s is at feature level %d, not %d", n.id, got, want)
		}
	}
}

// refuseNew checks that the node, of the new release, writes nothing that the others would stop at.
func (w *world) refuseNew(n *node) {
	w.t.Helper()
	code, said := w.writeWhole(n)
	if code != http.StatusConflict || !strings.Contains(said, "feature_level_too_low") {
		w.t.Errorf("a write of level %d, before all nodes have it: %d %s", currentLevel, code, said)
	}
}

// writeWhole writes the whole configuration, which takes a command of the current level: what there is, with another weight of the
// instance that no client writes to.
func (w *world) writeWhole(n *node) (code int, said string) {
	w.t.Helper()
	w.eventually(patience, "the whole configuration is written or refused", func() string {
		have, err := n.call(context.Background(), http.MethodGet, "/config", "", nil)
		if err != nil || have.code != http.StatusOK {
			w.t.Fatalf("read the configuration of %s: %d %s: %v", n.id, have.code, have.body, err)
		}
		var document map[string]any
		if err := json.Unmarshal(have.body, &document); err != nil {
			w.t.Fatal(err)
		}
		for _, in := range document["instances"].([]any) {
			if in := in.(map[string]any); in["name"] == probeKey {
				in["weight"] = 1 + w.random.IntN(maxWeight)
			}
		}
		body, err := json.Marshal(document)
		if err != nil {
			w.t.Fatal(err)
		}
		// Without the condition, it would put back the registers' weights of a moment ago.
		condition := map[string]string{"If-Match": have.header.Get("ETag")}
		answer, err := n.call(context.Background(), http.MethodPut, "/config", string(body), condition)
		code, said = answer.code, string(answer.body)
		// Clients write all the time, so that the document is soon out of date.
		if err != nil || code == http.StatusPreconditionFailed || code == http.StatusServiceUnavailable {
			return fmt.Sprintf("%d %s: %v", code, said, err)
		}
		return ""
	})
	return code, said
}

// refuseDowngrade starts the first release on a data directory of the current level: it must end, and say why.
func (w *world) refuseDowngrade(n *node) {
	w.t.Helper()
	n.fall()
	n.stop()
	n.program = w.programs.levelOne
	before := len(n.output())
	n.start()
	code, ok := n.process.wait(patience)
	if said := n.output()[before:]; !ok || code != 1 || !strings.Contains(said, "level") {
		w.t.Errorf("the first release on a directory of level %d: ended %t, status %d:\n%s", currentLevel, ok, code, tail(said))
	}
	n.program = w.programs.current
	n.start()
	w.awaitHealthy(w.nodes...)
}
