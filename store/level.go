package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"aiproxy/fsm"
)

// leaderName is what the audit trail calls a leader that writes on its own account.
const leaderName = "leader"

// levelOfBy is the feature level from which on commands say who wants them.
const levelOfBy = 2

// level is the highest command level that this node understands.
func (s *Store) level() int { return cmp.Or(s.config.FeatureLevel, fsm.FeatureLevel) }

// raiseLevels takes the cluster to this build's feature level as soon as all nodes have it, and looks again whenever the
// state changes: a node that comes back after an upgrade announces itself, and a restored backup may be of a lower level.
func (s *Store) raiseLevels(ctx context.Context) {
	said := ""
	for ctx.Err() == nil {
		_, newer := s.Watch()
		err := s.raiseLevel(ctx)
		if err != nil && said != err.Error() {
			said = err.Error()
			s.logger.Info("feature level not raised yet", "wanted", s.level(), "reason", said)
		}
		if err != nil && !errors.Is(err, fsm.ErrLevelTooLow) {
			pause(ctx, leadPause)
			continue
		}
		select {
		case <-newer:
		case <-ctx.Done():
		}
	}
}

// raiseLevel raises the feature level if it is lower than this build's and no node holds it back. Nobody is admitted
// meanwhile: a node is in Raft's configuration before its level is recorded.
func (s *Store) raiseLevel(ctx context.Context) error {
	if s.View().FeatureLevel >= s.level() {
		return nil
	}
	s.admission.Lock()
	defer s.admission.Unlock()
	was := s.View().FeatureLevel
	if behind := s.behind(s.level()); len(behind) > 0 {
		return fmt.Errorf("%w: upgrade %s", fsm.ErrLevelTooLow, strings.Join(behind, ", "))
	}
	if err := s.propose(ctx, fsm.LevelRaise, fsm.Level{Level: s.level()}); err != nil {
		return fmt.Errorf("raise feature level: %w", err)
	}
	s.logger.Info("feature level raised, all nodes understand it", "from", was, "to", s.level())
	return nil
}

// behind describes the nodes that do not understand commands of the level, as far as the cluster knows.
func (s *Store) behind(level int) []string {
	view := s.View()
	var behind []string
	for _, m := range view.Members {
		if m.FeatureLevel < level {
			behind = append(behind, fmt.Sprintf("node %s (version %s, feature level %d)", m.ID, cmp.Or(m.Version, "unknown"), m.FeatureLevel))
		}
	}
	for _, server := range s.servers() {
		if _, ok := view.Member(string(server.ID)); !ok {
			behind = append(behind, fmt.Sprintf("node %s (not known yet)", server.ID))
		}
	}
	return behind
}

// levelRefusal says why a command of the type can't be proposed yet, or returns nil. A cluster that is not initialised
// has no level.
func (s *Store) levelRefusal(t fsm.Type) error {
	needs, has := t.Level(), s.View().FeatureLevel
	if needs <= has || has == 0 {
		return nil
	}
	reason := "the leader raises it in a moment"
	if behind := s.behind(needs); len(behind) > 0 {
		reason = "upgrade " + strings.Join(behind, ", ") + " first"
	}
	return &callError{Code: codeLevel, Message: fmt.Sprintf("%s needs feature level %d and the cluster is at %d: %s", t, needs, has, reason)}
}

// asOfLevel leaves out of a command what nodes of the cluster's feature level do not know.
func (s *Store) asOfLevel(command fsm.Command) fsm.Command {
	if s.View().FeatureLevel < levelOfBy && command.Type.Level() < levelOfBy {
		command.By = ""
	}
	return command
}

// tooOld refuses a node whose build does not understand what is in the cluster's log.
func (s *Store) tooOld(m fsm.Member) *callError {
	level := s.View().FeatureLevel
	if m.FeatureLevel >= level {
		return nil
	}
	return &callError{Code: codeLevel, Message: fmt.Sprintf("node %s (version %s) understands feature level %d and the cluster is at %d: "+
		"start it with the version of the other nodes, %s has %s", m.ID, cmp.Or(m.Version, "unknown"), m.FeatureLevel, level,
		s.config.NodeID, s.config.Version)}
}

// explainFault adds what to do to a fault of the state machine.
func explainFault(err error) error {
	if errors.Is(err, fsm.ErrUnknownType) || errors.Is(err, fsm.ErrFeatureLevel) {
		return fmt.Errorf("this build is older than the cluster's state: start the node with the version of the other nodes; "+
			"its data directory stays usable: %w", err)
	}
	return err
}
