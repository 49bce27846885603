package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"aiproxy/gateway/metrics"
	"aiproxy/store"
)

// raftMetrics shows the store's figures to Prometheus. It reads them anew at every scrape, from memory alone, so that
// a scrape is answered while the disk hangs or the quorum is lost.
type raftMetrics struct {
	stats   func() store.Stats
	figures []figure
}

// figure is one metric and how it is read.
type figure struct {
	metrics.Family
	description *prometheus.Desc
	collect     func(figure, store.Stats, chan<- prometheus.Metric)
}

// newRaftMetrics makes the collector of the metrics in docs/metrics.md's section on Raft.
func newRaftMetrics(stats func() store.Stats) *raftMetrics {
	m := &raftMetrics{stats: stats, figures: raftFigures()}
	for i, f := range m.figures {
		m.figures[i].description = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *raftMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	for _, f := range m.figures {
		descriptions <- f.description
	}
}

// Collect implements prometheus.Collector.
func (m *raftMetrics) Collect(out chan<- prometheus.Metric) {
	stats := m.stats()
	for _, f := range m.figures {
		f.collect(f, stats, out)
	}
}

// raftFigures lists the metrics in the order of docs/metrics.md.
func raftFigures() []figure {
	return []figure{
		states(),
		gauge("term", "Raft's term, which every election raises.", func(s store.Stats) float64 { return float64(s.Term) }),
		gauge("last_log_index", "Last entry in this node's log.", func(s store.Stats) float64 { return float64(s.LastLogIndex) }),
		gauge("commit_index", "Last entry that a quorum holds, as far as this node knows.",
			func(s store.Stats) float64 { return float64(s.CommitIndex) }),
		gauge("fsm_index", "Last entry applied to this node's state.", func(s store.Stats) float64 { return float64(s.FSMIndex) }),
		gauge("fsm_lag", "Entries that this node knows to be committed and that wait to be applied.",
			func(s store.Stats) float64 { return float64(s.FSMLag) }),
		optional("last_contact_seconds", "Time since the leader was heard, 0 on the leader. Missing until one has been.",
			func(s store.Stats) (float64, bool) { return s.LastContact.Seconds(), s.Heard }),
		counter("leader_changes_total", "How often this node learnt of a leader.",
			func(s store.Stats) float64 { return float64(s.LeaderChanges) }),
		peers(),
		optional("snapshot_index", "Last entry in the newest snapshot. Missing without one.",
			func(s store.Stats) (float64, bool) { return float64(s.SnapshotIndex), s.Snapshot }),
		optional("snapshot_age_seconds", "Time since the newest snapshot was made. Missing without one.",
			func(s store.Stats) (float64, bool) { return s.SnapshotAge.Seconds(), s.Snapshot }),
		histogram("commit_seconds", "Time from the proposal of a command on this node, while it leads, until it is applied here.",
			func(s store.Stats) store.Durations { return s.Commits }),
		histogram("log_write_seconds", "Time that a write to Raft's database took, its sync included. Those that failed are left out.",
			func(s store.Stats) store.Durations { return s.LogWrites }),
		counter("log_write_errors_total", "Writes to Raft's database that failed.",
			func(s store.Stats) float64 { return float64(s.LogWriteFailures) }),
		gauge("log_write_waiting_seconds", "How long the longest of the running writes to Raft's database has been running.",
			func(s store.Stats) float64 { return s.LogWriteWaiting.Seconds() }),
		counter("disk_hangs_total", "How often this node took no part in the cluster because its disk hung.",
			func(s store.Stats) float64 { return float64(s.DiskHangs) }),
		gauge("mirror_behind", "1 while the state mirror can't be written, so that a restart would replay the log; else 0.",
			func(s store.Stats) float64 { return indicator(s.MirrorBehind) }),
	}
}

func newFigure(name, kind, help string, collect func(figure, store.Stats, chan<- prometheus.Metric), labels ...string) figure {
	return figure{
		Family:  metrics.Family{Name: "aiproxy_raft_" + name, Type: kind, Labels: labels, Help: help},
		collect: collect,
	}
}

func gauge(name, help string, value func(store.Stats) float64) figure {
	return optional(name, help, func(s store.Stats) (float64, bool) { return value(s), true })
}

// optional is a gauge that is missing where ok is false.
func optional(name, help string, value func(store.Stats) (value float64, ok bool)) figure {
	return newFigure(name, "gauge", help, func(f figure, s store.Stats, out chan<- prometheus.Metric) {
		if v, ok := value(s); ok {
			out <- prometheus.MustNewConstMetric(f.description, prometheus.GaugeValue, v)
		}
	})
}

func counter(name, help string, value func(store.Stats) float64) figure {
	return newFigure(name, "counter", help, func(f figure, s store.Stats, out chan<- prometheus.Metric) {
		out <- prometheus.MustNewConstMetric(f.description, prometheus.CounterValue, value(s))
	})
}

func histogram(name, help string, value func(store.Stats) store.Durations) figure {
	return newFigure(name, "histogram", help, func(f figure, s store.Stats, out chan<- prometheus.Metric) {
		d := value(s)
		out <- prometheus.MustNewConstHistogram(f.description, d.Count, d.Seconds, d.Buckets)
	})
}

// states has a series for every state, so that a sum over the nodes needs no care for those that are missing.
func states() figure {
	help := "1 for the state that this node is in, 0 for the others; disk_hangs means that its disk keeps it from " +
		"taking part, removed that the cluster has removed it."
	return newFigure("state", "gauge", help, func(f figure, s store.Stats, out chan<- prometheus.Metric) {
		for _, state := range store.States() {
			out <- prometheus.MustNewConstMetric(f.description, prometheus.GaugeValue, indicator(s.State == state), state)
		}
	}, "state")
}

func indicator(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func peers() figure {
	return newFigure("peers", "gauge", "Nodes in Raft's configuration, this one included, by suffrage voter or nonvoter.",
		func(f figure, s store.Stats, out chan<- prometheus.Metric) {
			out <- prometheus.MustNewConstMetric(f.description, prometheus.GaugeValue, float64(s.Voters), "voter")
			out <- prometheus.MustNewConstMetric(f.description, prometheus.GaugeValue, float64(s.NonVoters), "nonvoter")
		}, "suffrage")
}
