package fsm

// historyLevel is the feature level that brought the audit trail, kept revisions, client keys and changes of the
// configuration as a whole.
const historyLevel = 2

// Level returns the feature level that brought commands of this type, 0 for a type that this build does not know.
func (t Type) Level() int {
	level := 0
	switch t {
	case ClusterInit, SettingsSet, AlgorithmSet, InstanceSet, InstanceUpdate, InstanceDelete, MemberSet, MemberDelete:
		level = 1
	case ConfigApply, ConfigRollback, LevelRaise, ClusterReseal:
		level = historyLevel
	}
	if level > FeatureLevel {
		return 0
	}
	return level
}

// limit bounds an encoded command of this type, in bytes.
func (t Type) limit() int {
	switch {
	case FeatureLevel < historyLevel:
	case t == ConfigApply, t == ClusterInit, t == ClusterReseal:
		return MaxConfigSize
	}
	return MaxCommandSize
}

// raiseLevel takes the cluster to a level that all of its members understand, for good.
func (d *draft) raiseLevel(p Level) *Rejection {
	now := d.next.FeatureLevel
	if p.Level == now {
		return nil
	}
	if p.Level < now {
		return reject(RejectedConflict, "the cluster is at feature level %d and can't go back to %d", now, p.Level)
	}
	for i := range d.next.Members {
		if m := &d.next.Members[i]; m.FeatureLevel < p.Level {
			return reject(RejectedConflict, "node %s understands feature level %d only, not %d", m.ID, m.FeatureLevel, p.Level)
		}
	}
	d.next.FeatureLevel = p.Level
	d.tell("feature level %d -> %d", now, p.Level)
	return nil
}
