package store

import (
	"sync"

	"aiproxy/store/peer"
)

// addressBook holds where members were last seen, for as long as the cluster has not recorded it. When all nodes come
// back at other addresses, none is where the configuration has it, and no leader can be elected that would change that:
// what they have shown each other in handshakes lets them. The zero value is ready for use.
type addressBook struct {
	mu      sync.Mutex
	entries map[string]whereabouts
}

// whereabouts is where a member was seen while recorded was its address in the state. It means nothing once another
// address is recorded.
type whereabouts struct{ seen, recorded string }

// note takes down where the member was seen and tells whether that is news.
func (b *addressBook) note(id string, w whereabouts) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.seen == w.recorded {
		delete(b.entries, id)
		return false
	}
	if b.entries == nil {
		b.entries = map[string]whereabouts{}
	}
	news = b.entries[id] != w
	b.entries[id] = w
	return news
}

func (b *addressBook) get(id string) whereabouts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.entries[id]
}

// met hears who was at the other end of a handshake. The cluster secret vouches for what a node says of itself, and the
// instance ID for that it is the member and not a new node of that name.
func (s *Store) met(other peer.Identity) {
	record, ok := s.View().Member(other.NodeID)
	if !ok || other.ClusterID == "" || other.ClusterID != s.node.Load().ClusterID || other.InstanceID != record.InstanceID {
		return
	}
	if s.book.note(other.NodeID, whereabouts{seen: other.Address, recorded: record.Address}) {
		s.logger.Info("member seen at an address that the cluster has not recorded yet",
			"member", other.NodeID, "seen_at", other.Address, "recorded", record.Address)
	}
}

// movedTo is where the member was seen, if that is not its recorded address, or "".
func (s *Store) movedTo(id string) string {
	record, ok := s.View().Member(id)
	w := s.book.get(id)
	if !ok || w.recorded != record.Address {
		return ""
	}
	return w.seen
}
