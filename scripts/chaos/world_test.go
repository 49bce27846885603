//go:build chaos && linux

package chaos

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aiproxy/providers/simulator"
)

const (
	upstreamKey = "upstream-key-of-the-tests"
	chatModel   = "gpt-4o-mini"
	// registerPrefix begins the names of the instances that serve as registers. They get no traffic.
	registerPrefix = "reg-"
	// patience bounds every wait for something good. It is many times what the machine needs at rest.
	patience = 60 * time.Second
)

func registerName(number int) string  { return registerPrefix + strconv.Itoa(number) }
func isRegister(instance string) bool { return strings.HasPrefix(instance, registerPrefix) }

// world is a scenario's cluster with all that happens to it.
type world struct {
	t        *testing.T
	seed     uint64
	random   *rand.Rand
	programs programs
	// dir holds all that is kept of a failure; config is the file that all nodes start with.
	dir, config string
	// scale is the factor of Raft's timeouts.
	scale   string
	network *network
	http    *http.Client

	history  *history
	observer *observer
	traffic  *traffic
	clients  *clients
	before   resources
	// settles makes the short run of this scenario wait for idle connections to go as well.
	settles bool

	events []string
	mu     sync.Mutex
	nodes  []*node
	// gone are nodes that are not part of it any more.
	gone []*node
}

// newWorld makes a world without nodes.
func newWorld(t *testing.T, seed uint64, subnet int, p programs, dir string) *world {
	t.Helper()
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), programs: p, dir: dir, scale: "0.5",
		network: newNetwork(t, subnet), history: newHistory(time.Now()),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: trafficRoom, DisableCompression: true}},
	}
	w.config = filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(w.config, []byte(w.configuration(w.startUpstream())), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.http.CloseIdleConnections)
	t.Cleanup(func() {
		if t.Failed() {
			w.keep()
		}
	})
	return w
}

// startUpstream starts the simulated upstream and returns its address.
func (w *world) startUpstream() string {
	w.t.Helper()
	server := httptest.NewUnstartedServer(simulator.New(simulator.Options{APIKeys: []string{upstreamKey}}))
	listener, err := net.Listen("tcp", net.JoinHostPort(w.network.host(), "0"))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	w.t.Cleanup(server.Close)
	return server.URL
}

// configuration is a configuration file with one instance for traffic and the registers.
func (w *world) configuration(upstream string) string {
	var file strings.Builder
	fmt.Fprintf(&file, "api_key: %s\nmodel_providers: [openai-custom]\ninstances:\n", clientKey)
	instance := func(name, model string) {
		fmt.Fprintf(&file, "  - {name: %s, provider: openai-custom, base_url: %s/v1, api_key: %s, models: [%s]}\n",
			name, upstream, upstreamKey, model)
	}
	instance("sim", chatModel)
	for i := range keys {
		instance(registerName(i), registerName(i))
	}
	return file.String()
}

// form starts a cluster of so many nodes, the first of which has no seeds, and all that runs beside a scenario.
func (w *world) form(size int, changes ...func(*node)) {
	w.t.Helper()
	w.observer = w.startObserver()
	for i := range size {
		w.addNode("node"+strconv.Itoa(i+1), changes...).start()
	}
	w.awaitHealthy(w.nodes...)
	w.before = w.mostResources()
	w.traffic = w.startTraffic()
	w.clients = w.startClients()
	w.awaitLoad()
}

// members are the nodes that there are. It is safe beside the scenario.
func (w *world) members() []*node {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.nodes)
}

// event notes what the scenario does, with its time.
func (w *world) event(format string, args ...any) {
	w.events = append(w.events, fmt.Sprintf("%10s  ", time.Since(w.history.start).Truncate(time.Millisecond))+fmt.Sprintf(format, args...))
}

// awaitHealthy waits until each of the nodes is ready and sees them all, and no others, as healthy voters. They serve from then on.
func (w *world) awaitHealthy(nodes ...*node) {
	w.t.Helper()
	for _, n := range nodes {
		w.eventually(patience, n.id+" is healthy", func() string {
			if !n.running() {
				w.t.Fatalf("%s ended:\n%s", n.id, tail(n.output()))
			}
			s := n.status()
			if !n.ready() || s.Quorum.HealthyVoters != len(nodes) || s.Quorum.Voters != len(nodes) {
				return fmt.Sprintf("ready %t, sees %d voters, %d healthy; wanted %d", s.Ready, s.Quorum.Voters, s.Quorum.HealthyVoters, len(nodes))
			}
			return ""
		})
		n.serving.Store(true)
	}
	w.event("healthy: %d nodes", len(nodes))
}

// awaitLoad waits until clients and traffic get on.
func (w *world) awaitLoad() {
	w.t.Helper()
	served, written := w.traffic.served.Load(), w.history.count(applied)
	w.eventually(patience, "traffic and writes go on", func() string {
		if now, wrote := w.traffic.served.Load(), w.history.count(applied); now < served+10 || wrote < written+10 {
			return fmt.Sprintf("%d served, %d operations", now-served, wrote-written)
		}
		return ""
	})
}

// leader waits until the nodes agree on a leader among them.
func (w *world) leader(among ...*node) *node {
	w.t.Helper()
	var leader *node
	w.eventually(patience, "the nodes agree on a leader", func() string {
		leader = nil
		for _, n := range among {
			s := n.status()
			if s.Leader == nil {
				return n.id + " knows none"
			}
			i := slices.IndexFunc(among, func(n *node) bool { return n.id == s.Leader.NodeID })
			if i < 0 || leader != nil && leader != among[i] {
				return n.id + " follows " + s.Leader.NodeID
			}
			leader = among[i]
		}
		return ""
	})
	return leader
}

// without returns the nodes but some.
func (w *world) without(gone ...*node) []*node {
	return slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool { return slices.Contains(gone, n) })
}

// eventually polls until there is no more complaint.
func (w *world) eventually(limit time.Duration, what string, complaint func() string) {
	w.t.Helper()
	if text := w.within(limit, complaint); text != "" {
		w.t.Fatalf("not in %s: %s: %s", limit, what, text)
	}
}

// within polls until there is no more complaint, and returns the last one if that takes longer.
func (w *world) within(limit time.Duration, complaint func() string) string {
	begun := time.Now()
	for {
		text := complaint()
		if text == "" || time.Since(begun) > limit {
			return text
		}
		pause(w.t.Context(), 20*time.Millisecond)
	}
}

// last lets time pass under load.
func (w *world) last(d time.Duration) { pause(w.t.Context(), d) }

// tail returns the last lines of a log.
func tail(text string) string {
	const lines = 15
	parts := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(parts[max(0, len(parts)-lines):], "\n")
}
