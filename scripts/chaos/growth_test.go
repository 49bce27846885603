//go:build chaos && linux

package chaos

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// growthLimit is how many more goroutines or descriptors a node may hold at the end of a scenario than one did at
	// its start: connections that have yet to time out.
	growthLimit = 15
	// settleLimit bounds the wait for them to go. Nodes keep idle connections to each other for a minute.
	settleLimit = 90 * time.Second
)

// resources are what a leak would show in.
type resources struct{ goroutines, descriptors int }

func (n *node) resources() (resources, error) {
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	answer, err := n.call(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil {
		return resources{}, err
	}
	var r resources
	lines := bufio.NewScanner(bytes.NewReader(answer.body))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		number, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
		case name == "go_goroutines":
			r.goroutines = int(number)
		case name == "process_open_fds":
			r.descriptors = int(number)
		}
	}
	if r.goroutines == 0 || r.descriptors == 0 {
		return r, fmt.Errorf("metrics of %s lack go_goroutines or process_open_fds", n.id)
	}
	return r, nil
}

// most is the most that any node holds.
func (w *world) mostResources() resources {
	w.t.Helper()
	w.http.CloseIdleConnections()
	var most resources
	for _, n := range w.nodes {
		if !n.running() {
			continue
		}
		r, err := n.resources()
		if err != nil {
			w.t.Fatal(err)
		}
		most.goroutines = max(most.goroutines, r.goroutines)
		most.descriptors = max(most.descriptors, r.descriptors)
	}
	return most
}

// checkGrowth fails the scenario if nodes hold on to more than they did before.
func (w *world) checkGrowth(before resources) {
	w.t.Helper()
	var now resources
	grown := w.within(settleLimit, func() string {
		now = w.mostResources()
		if now.goroutines > before.goroutines+growthLimit || now.descriptors > before.descriptors+growthLimit {
			return fmt.Sprintf("%d goroutines, were %d; %d descriptors, were %d",
				now.goroutines, before.goroutines, now.descriptors, before.descriptors)
		}
		return ""
	})
	if grown != "" {
		// Their logs then tell what the goroutines do.
		for _, n := range w.nodes {
			n.process.signal(w.t, syscall.SIGQUIT)
			_, _ = n.process.wait(endLimit)
		}
		w.t.Fatalf("goroutines or descriptors did not go back within %s: %s", settleLimit, grown)
	}
	w.t.Logf("resources: %d goroutines, %d descriptors at most; %d and %d at the start",
		now.goroutines, now.descriptors, before.goroutines, before.descriptors)
}
