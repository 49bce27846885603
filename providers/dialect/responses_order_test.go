package dialect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// responsesOrder checks that the events which a client of OpenAI Responses gets are in the order that the API
// promises: numbers without a gap, items one after the other and each ended once, fragments that add up to what their
// end repeats, and one last event with all items.
type responsesOrder struct {
	count int
	ended bool
	// open is the item that has begun, "" for none. texts are its fragments, by their kind and index.
	open  string
	texts map[string]string
	items []any
}

// responsesTold is what is checked of an event.
type responsesTold struct {
	Type           string
	SequenceNumber int     `json:"sequence_number"`
	OutputIndex    *int    `json:"output_index"`
	ContentIndex   int     `json:"content_index"`
	SummaryIndex   int     `json:"summary_index"`
	ItemID         string  `json:"item_id"`
	Delta          *string `json:"delta"`
	Text           *string
	Refusal        *string
	Arguments      *string
	Input          *string
	Item           map[string]any
	Response       struct {
		ID, Status string
		Output     []any
	}
}

// check returns what is wrong with the data of the next event, nil for nothing.
func (o *responsesOrder) check(data []byte) error {
	var e responsesTold
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	defer func() { o.count++ }()
	switch {
	case o.ended:
		return fmt.Errorf("%s after the last event", e.Type)
	case e.SequenceNumber != o.count:
		return fmt.Errorf("%s has number %d, expected %d", e.Type, e.SequenceNumber, o.count)
	case o.count == 0 && e.Type != "response.created" && e.Type != "response.failed":
		return fmt.Errorf("begins with %s", e.Type)
	}
	switch e.Type {
	case "response.created", "response.in_progress":
		return nil
	case "response.completed", "response.incomplete", "response.failed":
		o.ended = true
		return o.last(&e)
	}
	if e.OutputIndex == nil || *e.OutputIndex != len(o.items) {
		return fmt.Errorf("%s is not of item %d", e.Type, len(o.items))
	}
	switch e.Type {
	case "response.output_item.added":
		if o.open != "" {
			return fmt.Errorf("item %v begins within %s", e.Item["id"], o.open)
		}
		o.open, _ = e.Item["id"].(string)
		o.texts = make(map[string]string)
		return nil
	case "response.output_item.done":
		return o.done(&e)
	}
	if e.ItemID == "" || e.ItemID != o.open {
		return fmt.Errorf("%s is of item %q, and %q is open", e.Type, e.ItemID, o.open)
	}
	return o.text(&e)
}

// text adds fragments up, and compares them with what their end repeats.
func (o *responsesOrder) text(e *responsesTold) error {
	name, isDelta := strings.CutSuffix(e.Type, ".delta")
	key := fmt.Sprintf("%s %d %d", strings.TrimSuffix(name, ".done"), e.ContentIndex, e.SummaryIndex)
	if isDelta {
		if e.Delta == nil {
			return fmt.Errorf("%s without a delta", e.Type)
		}
		o.texts[key] += *e.Delta
		return nil
	}
	for _, whole := range []*string{e.Text, e.Refusal, e.Arguments, e.Input} {
		if whole == nil || *whole == o.texts[key] || *whole == "{}" && o.texts[key] == "" {
			continue
		}
		return fmt.Errorf("%s ends %q with %q", e.Type, o.texts[key], *whole)
	}
	return nil
}

// done ends the open item, which must hold the texts that were told of it.
func (o *responsesOrder) done(e *responsesTold) error {
	if id, _ := e.Item["id"].(string); o.open == "" || id != o.open {
		return fmt.Errorf("item %v ends while %q is open", e.Item["id"], o.open)
	}
	said := textsIn(e.Item)
	for key, text := range o.texts {
		if !slices.Contains(said, text) {
			return fmt.Errorf("item %s lacks the text of %s: %q", o.open, key, text)
		}
	}
	o.open = ""
	o.items = append(o.items, e.Item)
	return nil
}

// textsIn returns all strings within a value.
func textsIn(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, element := range v {
			list = append(list, textsIn(element)...)
		}
		return list
	case map[string]any:
		var list []string
		for _, member := range v {
			list = append(list, textsIn(member)...)
		}
		return list
	default:
		return nil
	}
}

// last compares the items of the last event with those that were told.
func (o *responsesOrder) last(e *responsesTold) error {
	switch {
	case e.Type != "response."+e.Response.Status:
		return fmt.Errorf("%s has status %s", e.Type, e.Response.Status)
	case e.Response.ID == "":
		return errors.New("the answer has no id")
	case o.open != "" && e.Response.Status != "failed":
		return fmt.Errorf("item %s never ended", o.open)
	}
	if diff := cmp.Diff(o.items, e.Response.Output); diff != "" && len(o.items)+len(e.Response.Output) > 0 {
		return fmt.Errorf("the last event does not repeat the items:\n%s", diff)
	}
	return nil
}
