package store_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"aiproxy/fsm"
)

// BenchmarkApply writes to a three-node cluster with its disks synced, from one caller and from 64, through the leader
// and through a follower. A write counts when all three nodes have applied it.
func BenchmarkApply(b *testing.B) {
	nodes := form(b, 3)
	leader := leaderOf(b, nodes)
	follower := without(nodes, leader)[0]
	for _, via := range []struct {
		name string
		node *node
	}{{"leader", leader}, {"follower", follower}} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("via=%s/callers=%d", via.name, callers), func(b *testing.B) {
				var n, partial atomic.Int64
				b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0))) // RunParallel starts so many for each processor.
				work := func() {
					weight := int(n.Add(1) % 1000)
					command, err := fsm.NewCommand(fsm.InstanceUpdate, fsm.InstanceChange{Name: "a", Weight: &weight})
					if err != nil {
						b.Fatal(err)
					}
					receipt, err := via.node.Apply(b.Context(), command)
					if err != nil {
						b.Error(err)
					}
					if len(receipt.Applied) < len(nodes) {
						partial.Add(1)
					}
				}
				if callers == 1 {
					for b.Loop() {
						work()
					}
				} else {
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							work()
						}
					})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
				if partial.Load() > 0 {
					b.Errorf("%d of %d writes were not applied everywhere", partial.Load(), b.N)
				}
			})
		}
	}
}
