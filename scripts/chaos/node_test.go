//go:build chaos && linux

package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// endLimit bounds the end of a node after SIGTERM.
const endLimit = 30 * time.Second

// node is a node of the cluster over all its boots. Its process belongs to the scenario's goroutine; traffic, clients and the
// observer use only what is safe beside it.
type node struct {
	w *world
	// id is the node's own, name the one that it starts under, which are the same unless it lies.
	id, name, address string
	// dir is the data directory, log the file with the output of all boots, orders where a binary with faults looks.
	dir, log, orders string
	// program and args are what it is started with; seeds and extra are among the args.
	program string
	seeds   []string
	extra   []string

	process *process
	// boots counts starts, falls the times that the node was taken down on purpose.
	boots, falls atomic.Int64
	// serving tells that the node should serve traffic.
	serving atomic.Bool
	// draining tells that the node was sent SIGTERM and not started again, stops how often it was.
	draining atomic.Bool
	stops    atomic.Int64
	// foreign tells that the node may be in another cluster, whose registers are not those of the history.
	foreign atomic.Bool
}

// addNode gives a node its place. Its seeds are those nodes that are there already. What is to be different is changed before
// anybody else sees the node.
func (w *world) addNode(id string, changes ...func(*node)) *node {
	w.t.Helper()
	n := &node{
		w: w, id: id, name: id, address: w.network.join(id), dir: filepath.Join(w.dir, id), log: filepath.Join(w.dir, id+".log"),
		orders: filepath.Join(w.dir, id+".orders"), program: w.programs.current,
	}
	for _, other := range w.nodes {
		n.seeds = append(n.seeds, other.address)
	}
	for _, change := range changes {
		change(n)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes = append(w.nodes, n)
	return n
}

// faulty makes the node one that fails on order.
func faulty(n *node) { n.program = n.w.programs.faults }

func (n *node) args() []string {
	args := []string{
		"--config", n.w.config, "--cluster-enabled", "--node-id", n.name, "--node-address", n.address, "--data-dir", n.dir,
		"--raft-timeout-scale", n.w.scale, "--log-format", "json",
	}
	if len(n.seeds) > 0 {
		args = append(args, "--seed-nodes", strings.Join(n.seeds, ","))
	}
	return append(args, n.extra...)
}

// start starts the node's process.
func (n *node) start() {
	n.w.t.Helper()
	command := n.w.network.command(n.id, n.program, n.args()...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.w.dir, "FAULTS_DIR=" + n.orders}
	command.Dir = n.w.dir
	var err error
	if n.process, err = startProcess(command, n.log); err != nil {
		n.w.t.Fatalf("start %s: %v", n.id, err)
	}
	p := n.process
	n.w.t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
	})
	n.draining.Store(false)
	n.boots.Add(1)
	n.w.event("start %s", n.id)
}

// fall notes that the node is about to go down, so that what fails from now on is nobody's fault.
func (n *node) fall() {
	n.serving.Store(false)
	n.falls.Add(1)
}

// kill ends the node as a power cut would.
func (n *node) kill() {
	n.w.t.Helper()
	n.w.event("kill %s", n.id)
	n.fall()
	n.process.signal(n.w.t, syscall.SIGKILL)
	if _, ok := n.process.wait(endLimit); !ok {
		n.w.t.Fatalf("%s does not end on SIGKILL", n.id)
	}
}

// stop ends the node by SIGTERM, which must go well. Traffic is not warned.
func (n *node) stop() {
	n.w.t.Helper()
	n.w.event("stop %s", n.id)
	n.draining.Store(true)
	n.stops.Add(1)
	n.process.signal(n.w.t, syscall.SIGTERM)
	code, ok := n.process.wait(endLimit)
	if !ok || code != 0 {
		n.w.t.Errorf("%s did not end cleanly on SIGTERM: in time %t, exit status %d", n.id, ok, code)
	}
}

// wipe takes the node's disk away.
func (n *node) wipe() {
	n.w.t.Helper()
	n.w.event("wipe %s", n.id)
	if err := os.RemoveAll(n.dir); err != nil {
		n.w.t.Fatal(err)
	}
}

// order makes a binary with faults misbehave as the file says; no text takes the order back.
func (n *node) order(fault, text string) {
	n.w.t.Helper()
	n.w.event("order %s: %s %q", n.id, fault, text)
	path := filepath.Join(n.orders, fault)
	if text == "" {
		if err := os.Remove(path); err != nil {
			n.w.t.Fatal(err)
		}
		return
	}
	if err := os.MkdirAll(n.orders, 0o700); err != nil {
		n.w.t.Fatal(err)
	}
	// By rename, so that the node never reads half of it.
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		n.w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		n.w.t.Fatal(err)
	}
}

// running tells whether the process is there.
func (n *node) running() bool { return n.process != nil && n.process.running() }

// output returns all that the node has logged.
func (n *node) output() string {
	n.w.t.Helper()
	raw, err := os.ReadFile(n.log)
	if err != nil {
		n.w.t.Fatal(err)
	}
	return string(raw)
}
