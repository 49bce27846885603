//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"aiproxy/scripts/bench/series"
	"aiproxy/scripts/bench/server"
	"aiproxy/scripts/bench/workload"
)

// options are what the command line asks for.
type options struct {
	plan   series.Plan
	binary string
	nodes  int
	json   string
	noBars bool
}

// What -quick changes of the defaults.
const (
	quickWorkloads = "chat,tools,stream"
	quickRounds    = 2
	quickDuration  = 500 * time.Millisecond
	quickWarmup    = 200 * time.Millisecond
)

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	workloads := flags.String("only", "", "comma-separated `workloads` to run (default all): "+strings.Join(workloadNames(), ", "))
	servers := flags.String("servers", strings.Join(server.Names(), ","), "comma-separated `servers` to measure")
	quick := flags.Bool("quick", false, "a short run of the main workloads, to see that everything works; flags given beside it win")
	flags.IntVar(&o.plan.Rounds, "rounds", 5, "number of interleaved rounds")
	flags.DurationVar(&o.plan.Duration, "d", 4*time.Second, "counted time of a run")
	flags.DurationVar(&o.plan.Warmup, "warmup", 300*time.Millisecond, "time before it that is not counted")
	flags.StringVar(&o.binary, "aiproxy", "", "`path` of aiproxy's program (default: build it)")
	flags.IntVar(&o.nodes, "nodes", 1, "number of aiproxy's nodes; the first gets the load and is measured")
	flags.StringVar(&o.json, "json", "", "write all figures to this `file`")
	flags.BoolVar(&o.noBars, "no-bars", false, "exit with 0 even when a bar is missed")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *quick {
		given := make(map[string]bool)
		flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
		setUnless(given["only"], workloads, quickWorkloads)
		setUnless(given["rounds"], &o.plan.Rounds, quickRounds)
		setUnless(given["d"], &o.plan.Duration, quickDuration)
		setUnless(given["warmup"], &o.plan.Warmup, quickWarmup)
	}
	return o, o.complete(*workloads, *servers)
}

func setUnless[T any](given bool, value *T, to T) {
	if !given {
		*value = to
	}
}

// complete resolves the lists and checks the numbers.
func (o *options) complete(workloads, servers string) error {
	var faults []error
	var err error
	if o.plan.Workloads, err = workload.Select(workloads); err != nil {
		faults = append(faults, err)
	}
	o.plan.Servers = strings.Split(servers, ",")
	for _, name := range o.plan.Servers {
		if !slices.Contains(server.Names(), name) {
			faults = append(faults, fmt.Errorf("unknown server %q: known are %s", name, strings.Join(server.Names(), ", ")))
		}
	}
	if o.plan.Rounds < 1 {
		faults = append(faults, fmt.Errorf("-rounds %d: must be at least 1", o.plan.Rounds))
	}
	if o.plan.Duration < series.MinDuration {
		faults = append(faults, fmt.Errorf("-d %s: must be at least %s", o.plan.Duration, series.MinDuration))
	}
	if o.plan.Warmup < 0 {
		faults = append(faults, fmt.Errorf("-warmup %s: must not be negative", o.plan.Warmup))
	}
	if o.nodes < 1 {
		faults = append(faults, fmt.Errorf("-nodes %d: must be at least 1", o.nodes))
	}
	return errors.Join(faults...)
}

func workloadNames() []string {
	var names []string
	for _, w := range workload.All() {
		names = append(names, w.Name)
	}
	return names
}
