package dialect_test

import (
	"fmt"

	"aiproxy/providers/dialect"
)

// order checks that events come as event.go promises.
type order struct {
	started, ended bool
	choices        map[int]*orderOf
}

type orderOf struct {
	blocks         int
	open, finished bool
}

// check returns what is wrong with the next event, nil for nothing.
func (o *order) check(e *dialect.Event) error {
	switch {
	case o.ended:
		return fmt.Errorf("event %d after the end", e.Kind)
	case e.Kind == dialect.EventError:
		o.ended = true
		return nil
	case e.Kind == dialect.EventPing, e.Kind == dialect.EventUsage:
		return nil
	case e.Kind == dialect.EventStart && o.started:
		return fmt.Errorf("a second start")
	case e.Kind != dialect.EventStart && !o.started:
		return fmt.Errorf("event %d before the start", e.Kind)
	}
	if o.choices == nil {
		o.choices = make(map[int]*orderOf)
	}
	switch e.Kind {
	case dialect.EventStart:
		o.started = true
		return nil
	case dialect.EventEnd:
		o.ended = true
		for i, c := range o.choices {
			if !c.finished {
				return fmt.Errorf("the end before choice %d was finished", i)
			}
		}
		return nil
	}
	c := o.choices[e.Choice]
	if c == nil {
		c = &orderOf{}
		o.choices[e.Choice] = c
	}
	return c.check(e)
}

func (c *orderOf) check(e *dialect.Event) error {
	if c.finished {
		return fmt.Errorf("event %d after the choice was finished", e.Kind)
	}
	if e.Kind == dialect.EventFinish {
		c.finished = true
		if c.open {
			return fmt.Errorf("finished with an open block")
		}
		return nil
	}
	if e.Block != c.blocks {
		return fmt.Errorf("event %d of block %d, expected %d", e.Kind, e.Block, c.blocks)
	}
	if (e.Kind == dialect.EventBlock) == c.open {
		return fmt.Errorf("event %d with a block open: %t", e.Kind, c.open)
	}
	switch e.Kind {
	case dialect.EventBlock:
		c.open = true
		if e.Part == nil {
			return fmt.Errorf("a block without a part")
		}
		if e.Part.Kind == dialect.PartToolCall && e.Part.Call == nil {
			return fmt.Errorf("a call without one")
		}
	case dialect.EventBlockEnd:
		c.open = false
		c.blocks++
	case dialect.EventDelta:
		if len(e.Text) == 0 {
			return fmt.Errorf("an empty fragment")
		}
	}
	return nil
}
