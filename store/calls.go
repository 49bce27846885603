package store

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/raft"

	"aiproxy/fsm"
	"aiproxy/store/peer"
)

// The peer calls. They travel as HTTP inside connections that both sides have authenticated.
const (
	pathApply   = "/peer/v1/apply"
	pathApplied = "/peer/v1/applied"
	pathJoin    = "/peer/v1/join"
	pathNotify  = "/peer/v1/notify"
	pathPing    = "/peer/v1/ping"

	pathTransfer = "/peer/v1/transfer"
	pathRemove   = "/peer/v1/remove"
	pathStanding = "/peer/v1/standing"
	pathDoubt    = "/peer/v1/doubt"
)

const (
	// deadlineHeader carries what is left of the caller's time, in milliseconds.
	deadlineHeader = "Aiproxy-Deadline-Ms"
	// appliedWait bounds how long a node holds a question for its applied index.
	appliedWait = time.Second
)

type appliedReply struct {
	Applied uint64 `json:"applied"`
}

// pingReply is what a node says of its own state.
type pingReply struct {
	NodeID       string `json:"node_id"`
	InstanceID   string `json:"instance_id"`
	ClusterID    string `json:"cluster_id"`
	State        string `json:"state"`
	Term         uint64 `json:"term"`
	LastIndex    uint64 `json:"last_index"`
	CommitIndex  uint64 `json:"commit_index"`
	FSMIndex     uint64 `json:"fsm_index"`
	Leader       string `json:"leader"`
	Ready        bool   `json:"ready"`
	Version      string `json:"version"`
	FeatureLevel int    `json:"feature_level"`
	// NonVoter tells that the node wants no vote.
	NonVoter bool `json:"non_voter,omitempty"`
	// SecretIDs name the cluster secrets that the node knows, the one that it uses first.
	SecretIDs []string `json:"secret_ids,omitempty"`
	// LastContactMS is the time since this follower heard its leader, -1 for never.
	LastContactMS int64 `json:"last_contact_ms"`
	// Fault is what is wrong with the node's disk, if anything is.
	Fault string `json:"fault,omitempty"`
}

// callHandler serves the calls of other nodes.
func (s *Store) callHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathApply, s.serveApply)
	mux.HandleFunc("GET "+pathApplied, s.serveApplied)
	mux.HandleFunc("GET "+pathReadIndex, s.serveReadIndex)
	mux.HandleFunc("POST "+pathJoin, s.serveJoin)
	mux.HandleFunc("POST "+pathNotify, s.serveNotify)
	mux.HandleFunc("GET "+pathPing, s.servePing)
	mux.HandleFunc("POST "+pathTransfer, s.serveOperation(pathTransfer))
	mux.HandleFunc("POST "+pathRemove, s.serveOperation(pathRemove))
	mux.HandleFunc("GET "+pathStanding, s.serveStanding)
	mux.HandleFunc("POST "+pathDoubt, s.serveDoubt)
	return mux
}

// serveApply writes here what another node forwards. It never forwards again.
func (s *Store) serveApply(w http.ResponseWriter, r *http.Request) {
	if !s.fromMember(w, r) {
		return
	}
	ctx, cancel := callerContext(r, applyTimeout)
	defer cancel()
	var command fsm.Command
	if err := decodeCall(r, &command); err != nil {
		refuse(w, &callError{Code: codeInvalid, Message: err.Error()})
		return
	}
	if !s.leads() {
		refuse(w, s.notLeader())
		return
	}
	if _, err := command.Encode(); err != nil {
		refuse(w, &callError{Code: codeInvalid, Message: err.Error()})
		return
	}
	receipt, err := s.applyHere(ctx, command)
	var rejected *fsm.Rejection
	var refused *callError
	switch {
	case errors.As(err, &refused):
		refuse(w, refused)
	case err == nil:
		answer(w, applyReply{Receipt: receipt})
	case errors.As(err, &rejected):
		answer(w, applyReply{Rejection: rejected})
	case errors.Is(err, errNotLeader):
		refuse(w, s.notLeader())
	default:
		refuse(w, &callError{Code: codeIndeterminate, Message: err.Error()})
	}
}

// serveApplied answers once this node has applied the index, or after appliedWait with how far it is.
func (s *Store) serveApplied(w http.ResponseWriter, r *http.Request) {
	if !s.fromMember(w, r) {
		return
	}
	index, err := strconv.ParseUint(r.URL.Query().Get("index"), 10, 64)
	if err != nil {
		refuse(w, &callError{Code: codeInvalid, Message: "index is not a number"})
		return
	}
	ctx, cancel := callerContext(r, appliedWait)
	defer cancel()
	// Its only error is that time is up, and then the caller still learns how far this node is.
	_ = s.disk.machine.WaitIndex(ctx, index)
	answer(w, appliedReply{Applied: s.View().Index})
}

func (s *Store) servePing(w http.ResponseWriter, _ *http.Request) {
	answer(w, s.pong())
}

// pong describes this node. It never blocks.
func (s *Store) pong() pingReply {
	n := s.node.Load()
	_, leader := s.raft.LeaderWithID()
	return pingReply{
		NodeID: n.NodeID, InstanceID: n.InstanceID, ClusterID: n.ClusterID,
		State: s.state(), Term: s.raft.CurrentTerm(),
		LastIndex: s.raft.LastIndex(), CommitIndex: s.raft.CommitIndex(), FSMIndex: s.View().Index,
		Leader: string(leader), Ready: s.caughtUp.Load(),
		Version: s.config.Version, FeatureLevel: s.level(), NonVoter: s.config.NonVoter,
		SecretIDs:     s.config.SecretIDs,
		LastContactMS: s.lastContact(), Fault: s.diskFault(),
	}
}

// lastContact is the time since the leader was heard in milliseconds: 0 on the leader, -1 for never. A leader whose disk
// hangs has been none for as long.
func (s *Store) lastContact() int64 {
	if s.raft.State() == raft.Leader {
		if s.hangs.Load() {
			return s.disk.writes.hanging().Milliseconds()
		}
		return 0
	}
	heard := s.raft.LastContact()
	if heard.IsZero() {
		return -1
	}
	return time.Since(heard).Milliseconds()
}

// fromMember refuses callers that are not in this cluster: a joining node may only ask for admission.
func (s *Store) fromMember(w http.ResponseWriter, r *http.Request) bool {
	caller, ok := peer.IdentityFrom(r.Context())
	if ok && caller.ClusterID != "" && caller.ClusterID == s.node.Load().ClusterID {
		return true
	}
	refuse(w, &callError{Code: codeForming, Message: "this call is for nodes of the same cluster"})
	return false
}

// notLeader refuses a call that only the leader can answer, and says who that is.
func (s *Store) notLeader() *callError {
	if s.hangs.Load() {
		return &callError{Code: codeNotLeader, Message: "the disk of node " + s.config.NodeID + " hangs"}
	}
	address, id := s.raft.LeaderWithID()
	if address == "" {
		return &callError{Code: codeNotLeader, Message: "node " + s.config.NodeID + " knows no leader at the moment"}
	}
	return &callError{
		Code: codeNotLeader, Leader: string(address),
		Message: "node " + s.config.NodeID + " does not lead, " + string(id) + " at " + string(address) + " does",
	}
}

// callerContext ends with the caller's own deadline, and after limit at the latest.
func callerContext(r *http.Request, limit time.Duration) (context.Context, context.CancelFunc) {
	if ms, err := strconv.ParseInt(r.Header.Get(deadlineHeader), 10, 64); err == nil {
		// The answer has to travel, too.
		limit = min(limit, time.Duration(ms)*time.Millisecond*9/10)
	}
	return context.WithTimeout(r.Context(), limit)
}

func decodeCall(r *http.Request, into any) error {
	return json.NewDecoder(io.LimitReader(r.Body, maxCallBody)).Decode(into)
}

func answer(w http.ResponseWriter, reply any) {
	w.Header().Set("Content-Type", "application/json")
	// A failed write is the caller's to notice: it gets no whole answer.
	_ = json.NewEncoder(w).Encode(reply)
}

func refuse(w http.ResponseWriter, e *callError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(e)
}

// unwrapURL drops the URL that http.Client puts around an error: the caller names the address itself.
func unwrapURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
