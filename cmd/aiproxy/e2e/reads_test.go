//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// answer is what a request came to.
type answer struct {
	code   int
	header http.Header
	body   string
}

// request sends one request on a connection of its own, with pairs of header names and values.
func (n *node) request(t *testing.T, method, path, body string, header ...string) (answer, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+clientKey)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return answer{code: response.StatusCode, header: response.Header, body: string(raw)}, err
}

const (
	listPath   = "/loadbalancer/instances"
	latestPath = listPath + "?consistency=linearizable"
	weightPath = listPath + "/sim-a"
)

// weight is the weight of sim-a in an answer to GET /loadbalancer/instances.
func (a answer) weight() (int, error) {
	var list struct {
		Instances []struct {
			Name   string `json:"name"`
			Weight int    `json:"weight"`
		} `json:"instances"`
	}
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		return 0, err
	}
	for _, in := range list.Instances {
		if in.Name == "sim-a" {
			return in.Weight, nil
		}
	}
	return 0, errors.New("sim-a is not listed")
}

// TestPausedLeaderAnswersNothingStale stops the leader, lets another node lead and write, and wakes it with questions
// that wait for it in its sockets: it believes itself to be the leader when it reads them.
func TestPausedLeaderAnswersNothingStale(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	for round := range 3 {
		before, after := 10+2*round, 11+2*round
		leader := c.leader(t, c.nodes)
		leader.put(t, weightPath, fmt.Sprintf(`{"weight": %d}`, before))
		leader.signal(t, syscall.SIGSTOP)
		survivors := c.without(leader)
		survivors[0].put(t, weightPath, fmt.Sprintf(`{"weight": %d}`, after))

		var readers sync.WaitGroup
		for range 20 {
			readers.Go(func() { assertNotStale(t, leader, after) })
		}
		// A question has reached the socket once the kernel has taken the connection, which it does for a stopped process.
		eventually(t, "the questions wait", func() bool { return c.leader(t, survivors) != nil })
		leader.signal(t, syscall.SIGCONT)
		for range 20 {
			readers.Go(func() { assertNotStale(t, leader, after) })
		}
		readers.Wait()
		c.awaitVoters(t, 3, c.nodes...)
	}
}

// assertNotStale reads the latest weight: it must be want, or the node must say that it can't tell.
func assertNotStale(t *testing.T, n *node, want int) {
	t.Helper()
	got, err := n.request(t, http.MethodGet, latestPath, "")
	if err != nil {
		t.Errorf("read on %s: %v", n.id, err)
		return
	}
	if got.code == http.StatusServiceUnavailable {
		return
	}
	if weight, err := got.weight(); err != nil || got.code != http.StatusOK || weight != want {
		t.Errorf("%s answered %d with weight %d (%v), want %d", n.id, got.code, weight, err, want)
	}
}

// TestReadYourWrites reads on another node, at once, what a write's answer names.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	for i := range 20 {
		writer, reader := c.nodes[i%3], c.nodes[(i+1)%3]
		written, err := writer.request(t, http.MethodPut, weightPath, fmt.Sprintf(`{"weight": %d}`, 100+i))
		if err != nil || written.code != http.StatusOK {
			t.Fatalf("write: %d %s %v", written.code, written.body, err)
		}
		index := written.header.Get("X-Aiproxy-Index")
		read, err := reader.request(t, http.MethodGet, listPath, "", "X-Aiproxy-Index", index)
		if err != nil || read.code != http.StatusOK {
			t.Fatalf("read: %d %s %v", read.code, read.body, err)
		}
		if weight, err := read.weight(); err != nil || weight != 100+i {
			t.Errorf("weight %d (%v) at index %s, want %d", weight, err, index, 100+i)
		}
		if seen := indexOf(t, read); seen < indexOf(t, written) {
			t.Errorf("the answer is from index %d, before %s", seen, index)
		}
	}
}

// indexOf is the index that the answer tells.
func indexOf(t *testing.T, a answer) uint64 {
	t.Helper()
	index, err := strconv.ParseUint(a.header.Get("X-Aiproxy-Index"), 10, 64)
	if err != nil {
		t.Fatalf("X-Aiproxy-Index of the answer: %v", err)
	}
	return index
}

// TestQuorumLossIsToldWhereItMatters keeps one node of three: its traffic goes on, and what needs the others says so.
func TestQuorumLossIsToldWhereItMatters(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	last := c.nodes[0]
	if got, err := last.request(t, http.MethodGet, "/readyz?quorum", ""); err != nil || got.code != http.StatusOK {
		t.Errorf("/readyz?quorum with a quorum: %d %s %v", got.code, got.body, err)
	}
	for _, n := range c.without(last) {
		n.kill(t)
	}
	eventually(t, "the last node sees that the quorum is lost", func() bool {
		got, err := last.request(t, http.MethodGet, "/readyz?quorum", "")
		return err == nil && got.code == http.StatusServiceUnavailable && strings.Contains(got.body, "[-]quorum no leader is known")
	})
	for _, step := range []struct {
		method, path, body, index string
		want                      int
	}{
		{http.MethodGet, "/readyz", "", "", http.StatusOK},
		{http.MethodGet, "/healthz", "", "", http.StatusOK},
		{http.MethodGet, listPath, "", "", http.StatusOK},
		{http.MethodGet, listPath + "?consistency=local", "", "", http.StatusOK},
		{http.MethodGet, latestPath, "", "", http.StatusServiceUnavailable},
		{http.MethodGet, listPath, "", "999999999", http.StatusServiceUnavailable},
		{http.MethodPut, weightPath, `{"weight": 3}`, "", http.StatusServiceUnavailable},
	} {
		begun := time.Now()
		got, err := last.request(t, step.method, step.path, step.body, "X-Aiproxy-Index", step.index)
		if err != nil || got.code != step.want {
			t.Errorf("%s %s: %d %s %v, want %d", step.method, step.path, got.code, got.body, err, step.want)
			continue
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("%s %s took %s", step.method, step.path, took)
		}
		if step.want == http.StatusServiceUnavailable && (got.header.Get("Retry-After") == "" || !strings.Contains(got.body, `"message"`)) {
			t.Errorf("%s %s: Retry-After %q, body %s", step.method, step.path, got.header.Get("Retry-After"), got.body)
		}
	}
	if _, err := last.chat(t.Context(), "gpt-4o", false); err != nil {
		t.Errorf("traffic without a quorum: %v", err)
	}
}

// TestRepeatedWriteAcrossALeadersDeath kills the leader right after a write was sent to it, and repeats the write with
// its key on the others: however far it came, it takes effect once.
func TestRepeatedWriteAcrossALeadersDeath(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	for round := range 3 {
		leader := c.leader(t, c.nodes)
		survivors := c.without(leader)
		key := fmt.Sprintf("round-%d", round)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = leader.request(t, http.MethodPut, weightPath, fmt.Sprintf(`{"weight": %d}`, 20+round), "Idempotency-Key", key)
		}()
		leader.kill(t)
		<-sent
		first := repeat(t, survivors[0], key, 20+round)
		survivors[0].put(t, weightPath, fmt.Sprintf(`{"weight": %d}`, 30+round))
		if again := repeat(t, survivors[1], key, 20+round); again.Index != first.Index || again.Revision != first.Revision {
			t.Errorf("the repeated write's receipt is %+v, was %+v", again, first)
		}
		for _, n := range survivors {
			assertNotStale(t, n, 30+round)
		}
		leader.start(t)
		c.awaitVoters(t, 3, c.nodes...)
		c.awaitEqualStates(t)
	}
}

// repeat writes with the key until the node has an answer.
func repeat(t *testing.T, n *node, key string, weight int) receipt {
	t.Helper()
	var r receipt
	eventually(t, "the write with the key "+key+" is answered", func() bool {
		got, err := n.request(t, http.MethodPut, weightPath, fmt.Sprintf(`{"weight": %d}`, weight), "Idempotency-Key", key)
		if err != nil || got.code == http.StatusServiceUnavailable {
			return false
		}
		if got.code != http.StatusOK {
			t.Fatalf("write with the key %s: %d %s", key, got.code, got.body)
		}
		return json.Unmarshal([]byte(got.body), &r) == nil
	})
	return r
}
