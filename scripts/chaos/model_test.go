//go:build chaos && linux

package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTimeout bounds the search for an order of the operations.
const checkTimeout = time.Minute

// firstWeight is the value of a register that was never written.
const firstWeight = 1

// register is the state of one key in the model. Revision is that of its last write, or at least a lower bound of it where that
// write's receipt got lost: revisions count all writes, to whatever key.
type register struct {
	value    int
	revision uint64
}

// registerModel says what a register may answer. A compare-and-set names the revision of the whole configuration, so seen from one key
// it may always be refused; if it is accepted, nothing was written since that revision, and it makes the next one.
// What is unknown returns at infinity: putting it after everything else is the same as its never having happened.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Partition:         byKey,
		Init:              func() any { return register{value: firstWeight} },
		Step:              func(state, input, _ any) (bool, any) { return step(state.(register), input.(operation)) },
		DescribeOperation: func(input, _ any) string { return describe(input.(operation)) },
	}
}

func step(r register, o operation) (bool, any) {
	if o.Kind == kindRead {
		return o.Value == r.value && r.revision <= o.Revision, r
	}
	next := register{value: o.Value, revision: o.Revision}
	switch {
	case o.Verdict == refused:
		return true, r
	case o.Verdict != applied:
		if o.Kind == kindCAS && r.revision > o.IfMatch {
			return true, r
		}
		next.revision = r.revision + 1
		return true, next
	case o.Kind == kindCAS && (r.revision > o.IfMatch || o.Revision > o.IfMatch+1):
		return false, r
	case o.Value == r.value: // A write that changes nothing makes no revision.
		return o.Revision >= r.revision, next
	}
	return o.Revision > r.revision, next
}

func describe(o operation) string {
	text := fmt.Sprintf("%s %s %d at %s: %s, revision %d", o.Kind, o.Key, o.Value, o.Node, o.Verdict, o.Revision)
	if o.Kind == kindCAS {
		text += fmt.Sprintf(" if %d", o.IfMatch)
	}
	return text
}

func byKey(operations []porcupine.Operation) [][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, o := range operations {
		key := o.Input.(operation).Key
		keys[key] = append(keys[key], o)
	}
	partitions := make([][]porcupine.Operation, 0, len(keys))
	for _, partition := range keys {
		partitions = append(partitions, partition)
	}
	return partitions
}

// checkHistory returns what is wrong with the history, or nil. A picture of it goes to the path if there is something.
func checkHistory(operations []operation, picture string) error {
	if err := checkRevisions(operations); err != nil {
		return err
	}
	history := make([]porcupine.Operation, 0, len(operations))
	for _, o := range operations {
		if o.Verdict != nothing && o.Verdict != refused {
			history = append(history, porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Call, Return: o.Return})
		}
	}
	model := registerModel()
	result, info := porcupine.CheckOperationsVerbose(model, history, checkTimeout)
	if result == porcupine.Ok {
		return nil
	}
	if err := porcupine.VisualizePath(model, info, picture); err != nil {
		return fmt.Errorf("the history is not linearizable (%s), and no picture could be drawn: %w", result, err)
	}
	return fmt.Errorf("the history of %d operations is not linearizable (%s): see %s", len(history), result, picture)
}

// checkRevisions checks across all keys that revisions grow in real time: what was called after another operation had returned
// has a revision not below that one's, and two writes never share one unless the later changed nothing.
func checkRevisions(operations []operation) error {
	known := slices.DeleteFunc(slices.Clone(operations), func(o operation) bool { return o.Verdict != applied })
	byReturn := slices.Clone(known)
	slices.SortFunc(known, func(a, b operation) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortFunc(byReturn, func(a, b operation) int { return cmp.Compare(a.Return, b.Return) })
	var newest operation
	next := 0
	for _, o := range known {
		for ; byReturn[next].Return < o.Call; next++ {
			if byReturn[next].Revision > newest.Revision {
				newest = byReturn[next]
			}
		}
		if o.Revision < newest.Revision {
			return fmt.Errorf("revisions went back: %s, called at %s, after %s had returned at %s",
				describe(o), time.Duration(o.Call), describe(newest), time.Duration(newest.Return))
		}
	}
	return nil
}
