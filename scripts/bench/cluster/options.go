//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are what the command line asks for.
type options struct {
	only      []string
	scales    []float64
	trials    int
	duration  time.Duration
	instances int
	binary    string
	dir       string
	json      string
	noBars    bool
}

// What -quick changes of the defaults.
const (
	quickTrials   = 2
	quickDuration = 500 * time.Millisecond
)

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench-cluster", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "comma-separated `parts` to run (default all): "+strings.Join(partNames(), ", "))
	scales := flags.String("scales", "1,0.25", "comma-separated `values` of --raft-timeout-scale to measure at")
	quick := flags.Bool("quick", false, "few trials at a scale of 0.25, to see that everything works; flags given beside it win")
	flags.IntVar(&o.trials, "trials", 20, "number of times that a leader is killed or restarted, at each scale")
	flags.DurationVar(&o.duration, "d", 5*time.Second, "time for which each way to write is measured")
	flags.IntVar(&o.instances, "instances", 10_000, "size of the large configuration")
	flags.StringVar(&o.binary, "aiproxy", "", "`path` of aiproxy's program (default: build it)")
	flags.StringVar(&o.dir, "dir", "", "`directory` for the nodes' data, on the disk to measure (default: the system's for temporary files)")
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
		setUnless(given["trials"], &o.trials, quickTrials)
		setUnless(given["d"], &o.duration, quickDuration)
		setUnless(given["scales"], scales, "0.25")
	}
	return o, o.complete(*only, *scales)
}

func setUnless[T any](given bool, value *T, to T) {
	if !given {
		*value = to
	}
}

// complete resolves the lists and checks the numbers.
func (o *options) complete(only, scales string) error {
	var faults []error
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(partNames(), name) {
			faults = append(faults, fmt.Errorf("unknown part %q: known are %s", name, strings.Join(partNames(), ", ")))
		}
	}
	for text := range strings.SplitSeq(scales, ",") {
		scale, err := strconv.ParseFloat(text, 64)
		if err != nil || scale <= 0 {
			faults = append(faults, fmt.Errorf("-scales: %q is not a positive number", text))
		}
		o.scales = append(o.scales, scale)
	}
	if o.trials < 1 || o.instances < 1 || o.duration <= 0 {
		faults = append(faults, errors.New("-trials, -instances and -d must be positive"))
	}
	return errors.Join(faults...)
}

func (o *options) selected(part string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, part)
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}
