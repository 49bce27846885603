package dialect

import "encoding/json"

// RestoreTools gives the calls in an upstream's answer the names that the client knows, and turns calls of functions
// that stand for custom tools back. An answer with calls ends for them, even if its upstream calls that a usual end.
func RestoreTools(r *Response, x *Exchange) {
	for i := range r.Choices {
		parts := r.Choices[i].Parts
		for j := range parts {
			if parts[j].Kind == PartToolCall {
				restoreCall(parts[j].Call, x)
				restoreStop(&r.Choices[i].Stop)
			}
		}
	}
}

// restoreStop corrects the stop of an answer with calls.
func restoreStop(s *Stop) {
	if s.Reason == StopEnd || s.Reason == StopUnknown {
		s.Reason = StopToolUse
	}
}

func restoreCall(call *ToolCall, x *Exchange) {
	wasCustom := call.Custom
	restoreName(call, x)
	if call.Custom && !wasCustom {
		call.Input, call.Args = customInput(call.Args), nil
	}
}

// restoreName gives the call its client's name and id.
func restoreName(call *ToolCall, x *Exchange) {
	ref := x.Client(call.Name)
	call.Name, call.Namespace = ref.Name, ref.Namespace
	call.Custom = call.Custom || ref.Custom
	if call.ID == "" {
		call.ID = x.CallID()
	}
}

// CustomArgs returns the arguments of the function that stands for a custom tool, and customInput reads them.
func CustomArgs(input string) json.RawMessage {
	var w writer
	w.open('{')
	w.str("input", input)
	w.close('}')
	return w.buf
}

// CustomSchema is the schema of the function that stands for a custom tool.
const CustomSchema = `{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`

// customInput is the free text in the arguments. A model that has written something else gets it through as it is.
func customInput(args []byte) string {
	if v, err := openValue(args); err == nil {
		if input := v.get("input"); input.isString() {
			return input.text()
		}
	}
	return string(args)
}

// restorer does for a stream what RestoreTools does for a whole answer. The arguments of a function that stands for
// a custom tool are held back until they are whole.
type restorer struct {
	x *Exchange
	// held are the choices whose open block is such a call, with its arguments.
	held map[int][]byte
	// called are the choices that have calls.
	called map[int]bool
	out    [2]*Event
	more   Event
}

// event returns what takes the place of e: itself, nothing, or more. The result is valid until the next call.
func (r *restorer) event(e *Event) []*Event {
	r.out[0] = e
	switch e.Kind {
	case EventBlock:
		if e.Part != nil && e.Part.Kind == PartToolCall {
			if r.called == nil {
				r.called = make(map[int]bool)
			}
			r.called[e.Choice] = true
			wasCustom := e.Part.Call.Custom
			restoreName(e.Part.Call, r.x)
			if e.Part.Call.Custom && !wasCustom {
				if r.held == nil {
					r.held = make(map[int][]byte)
				}
				r.held[e.Choice] = []byte{}
			}
		}
	case EventFinish:
		if r.called[e.Choice] {
			restoreStop(&e.Stop)
		}
	case EventDelta:
		if args, ok := r.held[e.Choice]; ok {
			r.held[e.Choice] = append(args, e.Text...)
			return nil
		}
	case EventBlockEnd:
		if args, ok := r.held[e.Choice]; ok {
			delete(r.held, e.Choice)
			if input := customInput(args); input != "" {
				r.more = Event{Kind: EventDelta, Choice: e.Choice, Block: e.Block, Text: []byte(input)}
				r.out[0], r.out[1] = &r.more, e
				return r.out[:2]
			}
		}
	}
	return r.out[:1]
}
