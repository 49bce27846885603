package balance_test

import (
	"testing"

	"aiproxy/gateway/balance"
)

func BenchmarkPick(b *testing.B) {
	weights := make([]int, 1000)
	for i := range weights {
		weights[i] = i%1000 + 1
	}
	for _, algorithm := range balance.Algorithms() {
		b.Run(algorithm+"/1000", func(b *testing.B) {
			set := newSet(b, algorithm, weighted(weights...)...)
			b.ReportAllocs()
			for b.Loop() {
				set.Pick(balance.Request{})
			}
		})
		b.Run(algorithm+"/1000/parallel", func(b *testing.B) {
			set := newSet(b, algorithm, weighted(weights...)...)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					set.Pick(balance.Request{})
				}
			})
		})
	}
}

func BenchmarkNew(b *testing.B) {
	weights := make([]int, 1000)
	for i := range weights {
		weights[i] = i%1000 + 1
	}
	candidates := weighted(weights...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := balance.New(balance.Weighted, candidates); err != nil {
			b.Fatal(err)
		}
	}
}
