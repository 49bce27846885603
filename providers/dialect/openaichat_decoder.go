package dialect

import "bytes"

// chatDecoder reads the chunks of OpenAI Chat. The upstream's calls may come in any order and mixed, keyed by index;
// they leave one after the other: a call is closed when another one begins and its arguments are whole, and what comes
// of others before that is held back.
type chatDecoder struct {
	codec   openAIChat
	events  []Event
	scratch []byte
	choices []chatStreamed
	started bool
	done    bool
	usage   Usage
	counted bool
}

// NewDecoder implements Codec.
func (c openAIChat) NewDecoder(*Exchange) Decoder { return &chatDecoder{codec: c} }

// chatDone is the end mark.
const chatDone = "[DONE]"

// Decode implements Decoder.
func (d *chatDecoder) Decode(events []Event, f Frame) ([]Event, error) {
	if d.done {
		return events, nil
	}
	d.events, d.scratch = events, d.scratch[:0]
	if string(bytes.TrimSpace(f.Data)) == chatDone {
		d.end()
		return d.events, nil
	}
	root, err := beginValue(f.Data)
	if err == nil {
		err = d.chunk(root)
	}
	return d.events, err
}

// Close implements Decoder.
func (d *chatDecoder) Close(events []Event) ([]Event, error) {
	d.events, d.scratch = events, d.scratch[:0]
	if d.done {
		return events, nil
	}
	if !d.started || len(d.choices) == 0 {
		return events, ErrTruncated
	}
	for i := range d.choices {
		if !d.choices[i].finished {
			return events, ErrTruncated
		}
	}
	d.end()
	return d.events, nil
}

// end tells the end. A choice that the upstream has not finished is finished by the end mark.
func (d *chatDecoder) end() {
	d.start(Event{})
	for i := range d.choices {
		if !d.choices[i].finished {
			d.finish(i, StopEnd)
		}
	}
	d.done = true
	d.emit(Event{Kind: EventEnd, Usage: d.usage, Counted: d.counted})
}

func (d *chatDecoder) emit(e Event) { d.events = append(d.events, e) }

// start tells the beginning, once.
func (d *chatDecoder) start(e Event) {
	if !d.started {
		d.started = true
		e.Kind = EventStart
		d.emit(e)
	}
}

func (d *chatDecoder) chunk(root value) error {
	var head Event
	var choices value
	err := root.members(func(name []byte, v value) error {
		switch string(name) {
		case "choices":
			choices = v
		case "usage":
			if u, ok := d.codec.usage(v); ok {
				d.usage, d.counted = u, true
			}
		case "error":
			if !v.isNull() {
				d.fault(root)
			}
		}
		if !d.started {
			chatHead(&head, name, v)
		}
		return nil
	})
	if err != nil || d.done {
		return err
	}
	return choices.elements(func(i int, v value) error {
		d.start(head)
		return d.choice(i, v)
	})
}

// chatHead reads what every chunk repeats.
func chatHead(e *Event, name []byte, v value) {
	switch string(name) {
	case "id":
		e.ID = v.text()
	case "model":
		e.Model = v.text()
	case "created":
		e.Created, _ = v.integer()
	case "service_tier":
		e.ServiceTier = v.text()
	case "system_fingerprint":
		e.Fingerprint = v.text()
	}
}

// fault tells of an error in the stream.
func (d *chatDecoder) fault(root value) {
	d.done = true
	err := d.codec.DecodeError(0, nil, root)
	if err.Status == 0 {
		err.Status = statusOf(err.kind())
	}
	d.emit(Event{Kind: EventError, Err: err})
}

// maxChoices bounds the answers of one request, as OpenAI does.
const maxChoices = 128

func (d *chatDecoder) choice(place int, v value) error {
	index := int64(place)
	var delta, finish, probs value
	err := v.members(func(name []byte, v value) error {
		switch string(name) {
		case "index":
			index, _ = v.integer()
		case "delta":
			delta = v
		case "finish_reason":
			finish = v
		case "logprobs":
			probs = v
		}
		return nil
	})
	if err != nil {
		return err
	}
	if index < 0 || index >= maxChoices {
		return &FieldError{Field: "choices.index", Reason: "is out of range in the stream"}
	}
	for int64(len(d.choices)) <= index {
		d.choices = append(d.choices, chatStreamed{})
	}
	if d.choices[index].finished {
		return nil
	}
	if err := d.delta(int(index), delta, probs); err != nil {
		return err
	}
	if finish.isString() {
		d.finish(int(index), chatStop(finish.text()))
	}
	return nil
}

// delta reads what a choice goes on with.
func (d *chatDecoder) delta(index int, delta, probs value) error {
	return delta.members(func(name []byte, v value) error {
		switch string(name) {
		case "content":
			var list []LogProb
			if probs.isObject() {
				list = chatLogProbs(probs.get("content"))
			}
			d.text(index, PartText, v, list)
		case "reasoning_content", "reasoning":
			d.text(index, PartThinking, v, nil)
		case "refusal":
			d.text(index, PartRefusal, v, nil)
		case "tool_calls":
			return v.elements(func(i int, v value) error { return d.call(index, i, v) })
		case "annotations":
			for _, c := range chatCitations(v) {
				d.cite(index, c)
			}
		}
		return nil
	})
}
