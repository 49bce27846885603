package fsm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// maxAudit is how many changes the audit trail holds. It is part of the replicated behaviour, like the two below.
	maxAudit = 1000
	// maxSummary bounds the lines of a change's summary, maxSummaryLine each of them, in bytes.
	maxSummary     = 20
	maxSummaryLine = 240
)

// Change tells of an accepted command that changed something: who, what and when.
type Change struct {
	// Index is that of the command in the Raft log.
	Index uint64 `json:"index"`
	// Revision is the configuration's after the change. A change of something else leaves it as it was.
	Revision uint64 `json:"revision"`
	// At is the leader's clock when it proposed the command.
	At time.Time `json:"at"`
	// By is the command's By.
	By   string `json:"by,omitempty"`
	Type Type   `json:"type"`
	// Target is the name of what was changed, empty where that was several things or the cluster as a whole.
	Target string `json:"target,omitempty"`
	// Summary says what was changed, a thing a line, such as "instance openai-a: weight 1 -> 3". It holds no secret.
	Summary []string `json:"summary,omitempty"`
}

// Audit returns the last 1000 accepted writes that changed something, newest first: of the configuration, of the
// feature level, and removals of nodes. Their recording began when the cluster reached feature level 2.
func (v *View) Audit() []Change {
	all := slices.Clone(v.audit)
	slices.Reverse(all)
	return all
}

// begin prepares for a command.
func (d *draft) begin(c Command) {
	d.at = c.At
	d.recording = d.next.FeatureLevel >= historyLevel
	d.summary, d.undo = summary{}, ConfigChange{}
}

// record enters an accepted command into the audit trail and the history if it changed something.
func (d *draft) record(c Command, index uint64, target string) {
	if len(d.summary.lines) == 0 {
		return
	}
	change := Change{
		Index: index, Revision: d.next.Revision, At: c.At, By: c.By,
		Type: c.Type, Target: target, Summary: d.summary.text(),
	}
	// Views share the array: it is only ever written to behind the last entry that any of them can see.
	d.next.audit = append(d.next.audit, change)
	d.next.audit = d.next.audit[max(0, len(d.next.audit)-maxAudit):]
	d.keep(change)
}

// tell adds a line to the summary of the command being applied, where there is an audit trail.
func (d *draft) tell(format string, args ...any) {
	switch {
	case d.next.FeatureLevel < historyLevel:
	case len(d.summary.lines) == maxSummary:
		d.summary.more++
	default:
		d.summary.add(fmt.Sprintf(format, args...))
	}
}

// summary collects the lines of a Change.
type summary struct {
	lines []string
	// more is the number of lines that found no place.
	more int
}

func (s *summary) add(line string) {
	if len(line) > maxSummaryLine {
		line = strings.ToValidUTF8(line[:maxSummaryLine], "") + "..."
	}
	s.lines = append(s.lines, line)
}

func (s *summary) text() []string {
	if s.more == 0 {
		return s.lines
	}
	return append(s.lines, fmt.Sprintf("and %d more", s.more))
}

func (d *draft) tellSettings(old, now Settings) {
	if a, b := old.LoadBalancer.Enabled, now.LoadBalancer.Enabled; a != b {
		d.tell("load balancer: enabled %t -> %t", a, b)
	}
	if a, b := old.LoadBalancer.Algorithm, now.LoadBalancer.Algorithm; a != b {
		d.tell("load balancer: algorithm %s -> %s", orNone(a), orNone(b))
	}
	if a, b := old.ModelProviders, now.ModelProviders; !slices.Equal(a, b) {
		d.tell("model providers: %s -> %s", orNone(strings.Join(a, ", ")), orNone(strings.Join(b, ", ")))
	}
	if !maps.Equal(old.ModelAliases, now.ModelAliases) {
		d.tell("model aliases changed")
	}
	if old.Translation != now.Translation {
		d.tell("translation: %s -> %s", cmp.Or(old.Translation, TranslationLenient), cmp.Or(now.Translation, TranslationLenient))
	}
}

// tellInstance says what changes between two instances of one name, or that the instance is deleted.
func (d *draft) tellInstance(old Instance, now *Instance) {
	switch {
	case len(d.summary.lines) == maxSummary:
		d.summary.more++
	case now == nil:
		d.tell("instance %s: deleted", old.Name)
	default:
		d.tell("instance %s: %s", old.Name, strings.Join(differences(old, *now), ", "))
	}
}

// differences names the fields that differ. A base URL may hold a password, and lists of models are long: of both it
// says only that they changed.
func differences(old, now Instance) []string {
	var all []string
	differ := func(differs bool, format string, args ...any) {
		if differs {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	differ(old.Provider != now.Provider, "provider %s -> %s", old.Provider, now.Provider)
	differ(old.Weight != now.Weight, "weight %d -> %d", old.Weight, now.Weight)
	differ(old.Priority != now.Priority, "priority %d -> %d", old.Priority, now.Priority)
	differ(old.Enabled != now.Enabled, "enabled %t -> %t", old.Enabled, now.Enabled)
	differ(old.BaseURL != now.BaseURL, "base URL changed")
	differ(!slices.Equal(old.Models, now.Models), "models changed")
	differ(!slices.Equal(old.APIKey, now.APIKey), "API key changed")
	all = append(all, differentOptions(old.Options, now.Options)...)
	if len(all) == 0 {
		return []string{"changed"}
	}
	return all
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
