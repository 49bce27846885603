package store_test

import (
	"fmt"
	"runtime"
	"testing"

	"aiproxy/fsm"
)

// BenchmarkApplyConfiguration replaces 10,000 instances of a three-node cluster in one command, given to a follower, and
// waits until all nodes have applied it. heap-MB is what that leaves on the heap of a node, revisions to go back to included.
func BenchmarkApplyConfiguration(b *testing.B) {
	nodes := form(b, 3)
	follower := without(nodes, leaderOf(b, nodes))[0]
	var change fsm.ConfigChange
	for i := range 10_000 {
		change.Instances = append(change.Instances, fsm.Instance{
			Name: fmt.Sprint("i", i), Provider: "openai-custom", BaseURL: "https://api.example.com/v1", Models: []string{"gpt-4o*"},
			Enabled: true, APIKey: make(fsm.Sealed, 96),
		})
	}
	before, weight := heap(), 0
	for b.Loop() {
		weight++
		for i := range change.Instances {
			change.Instances[i].Weight = weight % 1000
		}
		command, err := fsm.NewCommand(fsm.ConfigApply, change)
		if err != nil {
			b.Fatal(err)
		}
		receipt, err := follower.Apply(b.Context(), command)
		if err != nil || len(receipt.Applied) < len(nodes) {
			b.Errorf("receipt %+v, %v", receipt, err)
		}
	}
	b.ReportMetric((heap()-before)/float64(len(nodes)), "heap-MB/node")
}

// heap is the size of what lives on the heap, in MB.
func heap() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / (1 << 20)
}
