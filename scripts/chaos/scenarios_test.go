//go:build chaos && linux

package chaos

// scenarios are in the order of the table in README.md. The numbers from C6 to C9 are those of the token refresh.
func scenarios() []scenario {
	return []scenario{
		{id: "C1", about: "kill the leader ten times", short: true, run: killLeaders},
		{id: "C3", about: "kill all nodes, start them in any order", short: true, run: killAll},
	}
}
