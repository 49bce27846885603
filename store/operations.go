package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"aiproxy/fsm"
)

// operationTimeout bounds an operator's request whose caller sets no earlier deadline. Removing a leader takes a
// transfer of leadership and a change of configuration, each of which may meet an election.
const operationTimeout = 10 * time.Second

// The reasons for which the leader refuses an operator's request, beside fsm.RejectedNotFound and
// fsm.RejectedInvalid. They are codes of a *fsm.Rejection, whose message says what to do.
const (
	// RefusedLastVoter means that the node is the only voter, without which there is no cluster.
	RefusedLastVoter fsm.RejectionCode = "last_voter"
	// RefusedQuorum means that the voters left could not decide anything, or may not be able to.
	RefusedQuorum fsm.RejectionCode = "quorum_at_risk"
	// RefusedNotVoter means that a node without a vote can't lead.
	RefusedNotVoter fsm.RejectionCode = "not_a_voter"
	// RefusedUnreachable means that no node that could lead answers.
	RefusedUnreachable fsm.RejectionCode = "unreachable"
	// RefusedHandOver means that the node did not take leadership over in time. Another one leads.
	RefusedHandOver fsm.RejectionCode = "not_handed_over"
	// RefusedRemoved means that this node is not in the cluster any more and has no say in it. Writes are refused with it, too.
	RefusedRemoved fsm.RejectionCode = "removed"
)

// operation is an operator's request to the leader.
type operation struct {
	// Node is the ID of the node that is to lead or to go. Empty lets the leader choose its successor.
	Node string `json:"node,omitempty"`
	// From is the leader that is to hand over. Where another one leads by the time, that has happened.
	From string `json:"from,omitempty"`
	// Force accepts voters that answer but are not healthy as the quorum of those left.
	Force bool `json:"force,omitempty"`
}

// operationReply is the leader's decision.
type operationReply struct {
	// Leader is the ID of the node that leads now.
	Leader  string         `json:"leader"`
	Refusal *fsm.Rejection `json:"refusal,omitempty"`
}

// Transfer hands leadership to the node with the ID, or with an empty one to the most current voter that answers, and
// returns the ID of the node that leads then. Any node may be asked. Handing over to the leader succeeds at once.
//
// Errors are a *fsm.Rejection with the reason of the refusal, or wrap fsm.ErrNoLeader (nothing was done) or
// fsm.ErrIndeterminate (leadership may have moved). It returns after 10 s or with ctx, whichever is earlier.
func (s *Store) Transfer(ctx context.Context, to string) (leader string, err error) {
	return s.operate(ctx, pathTransfer, operation{Node: to})
}

// Remove ends the membership of the node with the ID, be it up or down, and forgets its record. Any node may be asked.
// A node that leads hands over first, and its successor removes it. The voters that are left must have a healthy
// majority; force is content with a majority that answers. The last voter is never removed.
//
// Errors are those of Transfer. Removing a node twice is refused as not found.
func (s *Store) Remove(ctx context.Context, id string, force bool) error {
	if id == "" {
		return &fsm.Rejection{Code: fsm.RejectedInvalid, Message: "no node is named"}
	}
	_, err := s.operate(ctx, pathRemove, operation{Node: id, Force: force})
	if err == nil && id == s.config.NodeID {
		s.noteRemoval()
	}
	return err
}

// Leave ends this node's own membership, handing leadership over first if it has it. The node goes on serving its last
// state, is not ready any more, and should be stopped. Errors are those of Remove.
func (s *Store) Leave(ctx context.Context) error { return s.Remove(ctx, s.config.NodeID, false) }

// operate puts the request to the leader until that has decided, or time is up. Requests may be repeated: what an
// earlier try has brought about is found done.
func (s *Store) operate(ctx context.Context, path string, o operation) (leader string, err error) {
	if s.removed.Load() {
		return "", s.removedRefusal()
	}
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var unknown error
	for {
		if _, id := s.raft.LeaderWithID(); o.From == "" {
			o.From = string(id)
		}
		leader, err := s.operateOnce(ctx, path, o)
		refused, decided := errors.AsType[*fsm.Rejection](err)
		switch {
		case decided && unknown != nil && path == pathRemove && refused.Code == fsm.RejectedNotFound:
			return "", nil // A try whose answer was lost has removed it.
		case s.removed.Load() && path == pathRemove && o.Node == s.config.NodeID:
			return "", nil // Word of its removal has overtaken the answer.
		case err == nil, decided:
			return leader, err
		case !errors.Is(err, errNotLeader):
			unknown = err
		}
		if !pause(ctx, retryPause) {
			return "", gaveUp(err, unknown)
		}
	}
}

// operateOnce puts the request once, to this node or to the leader.
func (s *Store) operateOnce(ctx context.Context, path string, o operation) (leader string, err error) {
	if s.leads() {
		return s.decide(ctx, path, o)
	}
	address := s.knownLeader(ctx)
	if address == "" {
		return "", fmt.Errorf("%w: no leader is known", errNotLeader)
	}
	ctx, cancel, err := s.whileLed(ctx, address)
	if err != nil {
		return "", err
	}
	defer cancel()
	return s.caller.operate(ctx, string(address), path, o)
}

// decide carries the request out on this node, which leads. Only errors that wrap errNotLeader and rejections mean
// that nothing has changed.
func (s *Store) decide(ctx context.Context, path string, o operation) (leader string, err error) {
	if err := s.lockAdmission(ctx); err != nil {
		return "", err
	}
	defer s.admission.Unlock()
	if !s.settled.Load() {
		return "", fmt.Errorf("%w: node %s is not ready to decide", errNotLeader, s.config.NodeID)
	}
	if path == pathTransfer {
		return s.handOverTo(ctx, o)
	}
	return s.config.NodeID, s.removeMember(ctx, o)
}

// lockAdmission waits for its turn among the changes of membership until ctx ends.
func (s *Store) lockAdmission(ctx context.Context) error {
	for !s.admission.TryLock() {
		if !pause(ctx, retryPause) {
			return fmt.Errorf("%w: another change of membership is being decided", errNotLeader)
		}
	}
	return nil
}

// serveOperation decides what another node's operator asks for. It never forwards.
func (s *Store) serveOperation(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.fromMember(w, r) {
			return
		}
		// What is begun is seen through: a caller that has heard of a new leader asks that one and hangs up here.
		ctx, cancel := callerContext(r.WithContext(context.WithoutCancel(r.Context())), operationTimeout)
		defer cancel()
		var o operation
		if err := decodeCall(r, &o); err != nil {
			refuse(w, &callError{Code: codeInvalid, Message: err.Error()})
			return
		}
		if !s.leads() {
			refuse(w, s.notLeader())
			return
		}
		leader, err := s.decide(ctx, path, o)
		var refused *fsm.Rejection
		switch {
		case err == nil:
			answer(w, operationReply{Leader: leader})
		case errors.As(err, &refused):
			answer(w, operationReply{Refusal: refused})
		case errors.Is(err, errNotLeader):
			refuse(w, s.notLeader())
		default:
			refuse(w, &callError{Code: codeIndeterminate, Message: err.Error()})
		}
	}
}

// operate puts an operator's request to the leader at the address.
func (c *caller) operate(ctx context.Context, address, path string, o operation) (leader string, err error) {
	var reply operationReply
	sent, err := c.call(ctx, http.MethodPost, address, path, o, &reply)
	var refused *callError
	switch {
	case err == nil && reply.Refusal != nil:
		return "", reply.Refusal
	case err == nil:
		return reply.Leader, nil
	case !sent, errors.As(err, &refused) && !refused.Code.decided():
		return "", fmt.Errorf("%w: ask %s: %w", errNotLeader, address, err)
	default:
		return "", fmt.Errorf("ask %s: %w", address, err)
	}
}
