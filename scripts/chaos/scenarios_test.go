//go:build chaos && linux

package chaos

// scenarios are in the order of the table in README.md. The numbers from C6 to C9 are those of the token refresh.
func scenarios() []scenario {
	return []scenario{
		{id: "C1", about: "kill the leader ten times", short: true, run: killLeaders},
		{id: "C2", about: "kill a follower, write until there is a snapshot, start it", run: killFollower},
		{id: "C3", about: "kill all nodes, start them in any order", short: true, run: killAll},
		{id: "C4", about: "cut the leader off, both ways", short: true, isolated: true, run: isolateLeader},
		{id: "C5", about: "cut the leader off, one way and the other", isolated: true, run: cutOneWay},
		{id: "C10", about: "wipe a follower", short: true, run: wipeFollower},
		{id: "C11", about: "wipe the node without seeds", short: true, run: wipeSeedless},
		{id: "C12", about: "let nodes ask for admission that must not have it", isolated: true, run: refuseJoins},
		{id: "C13", about: "give a node seeds in two clusters", run: twoClusters},
		{id: "C14", about: "fill the disk of the leader, then that of a follower", isolated: true, run: fillDisks},
		{id: "C15", about: "let the disk of the leader hang", run: hangDisk},
		{id: "C16", about: "damage a node's Raft database", short: true, run: damageDisk},
		{id: "C17", about: "let a node's clock jump by an hour", run: jumpClocks},
		{id: "C18", about: "restart all nodes, one after the other", short: true, run: restartAll},
		{id: "C19", about: "upgrade a cluster of the first feature level, node by node", run: upgrade},
		{id: "C20", about: "add, remove and kill nodes for a minute", run: churn},
	}
}
