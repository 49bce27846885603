//go:build linux

package proc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const numbers = "S 77 4242 4242 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 9 0 5000 1 2"
	tests := []struct {
		name, in string
		want     stat
		fault    string
	}{
		{name: "plain", in: "4242 (nginx) " + numbers, want: stat{parent: 77, children: 7}},
		{name: "odd command", in: "4242 (a) b) (c) " + numbers, want: stat{parent: 77, children: 7}},
		{name: "short", in: "4242 (nginx) S 77", fault: "2 fields"},
		{name: "no numbers", in: "1 (x) " + strings.Repeat("x ", 20), fault: "parent"},
		{name: "empty", in: "", fault: "0 fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStat([]byte(tt.in))
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("got error %v, want %q", err, tt.fault)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(stat{})); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestParseMachineSumsWhatProcessesUse(t *testing.T) {
	t.Parallel()
	//           user nice system idle iowait irq softirq steal guest guest_nice
	busy, err := parseMachine([]byte("cpu 1 2 4 100 200 8 16 32 1000 1000"))
	if err != nil || busy != 39 {
		t.Errorf("got %d, %v", busy, err)
	}
	if _, err := parseMachine([]byte("cpu 1 2")); err == nil {
		t.Error("no error for a short line")
	}
}

func TestParseStatus(t *testing.T) {
	t.Parallel()
	const text = "Name:\tnginx\nVmHWM:\t   12345 kB\nVmRSS:\t 9 kB\nThreads:\t4 x\n"
	if got, err := parseStatus([]byte(text), "VmHWM"); got != 12345 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	for _, field := range []string{"Threads", "VmSwap"} {
		if _, err := parseStatus([]byte(text), field); err == nil {
			t.Errorf("no error for %s", field)
		}
	}
}
