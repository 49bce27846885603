package dialect

// Collector puts the events of a stream together to a whole answer, for clients that want one of upstreams that only
// stream. The zero value is ready.
type Collector struct {
	response Response
	// texts are those of the open blocks, by choice.
	texts map[int][]byte
	fault *Error
	ended bool
}

// Add takes the next event.
func (c *Collector) Add(e *Event) {
	r := &c.response
	if e.Counted {
		r.Usage, r.Counted = e.Usage, true
	}
	switch e.Kind {
	case EventStart:
		r.ID, r.Model, r.Created = e.ID, e.Model, e.Created
		r.ServiceTier, r.Fingerprint = e.ServiceTier, e.Fingerprint
	case EventError:
		c.fault = e.Err
	case EventEnd:
		c.ended = true
	case EventBlock, EventDelta, EventSignature, EventCitation, EventBlockEnd, EventFinish:
		for len(r.Choices) <= e.Choice {
			r.Choices = append(r.Choices, Choice{})
		}
		c.addTo(&r.Choices[e.Choice], e)
	case EventUsage, EventPing:
	}
}

// addTo takes an event of a choice.
func (c *Collector) addTo(choice *Choice, e *Event) {
	switch e.Kind {
	case EventBlock:
		choice.Parts = append(choice.Parts, *e.Part)
		if c.texts == nil {
			c.texts = make(map[int][]byte)
		}
		c.texts[e.Choice] = nil
		return
	case EventFinish:
		choice.Stop = e.Stop
		return
	}
	if len(choice.Parts) == 0 {
		return
	}
	part := &choice.Parts[len(choice.Parts)-1]
	switch e.Kind {
	case EventDelta:
		c.texts[e.Choice] = append(c.texts[e.Choice], e.Text...)
		choice.LogProbs = append(choice.LogProbs, e.LogProbs...)
	case EventSignature:
		part.Signature = e.Signature
	case EventCitation:
		part.Citations = append(part.Citations, *e.Citation)
	case EventBlockEnd:
		text := string(c.texts[e.Choice])
		switch {
		case part.Kind == PartToolCall && part.Call.Custom:
			part.Call.Input += text
		case part.Kind == PartToolCall:
			if text != "" || len(part.Call.Args) == 0 {
				part.Call.Args = Arguments(text)
			}
		default:
			part.Text += text
		}
	}
}

// Response returns the answer, and whether it is complete. Fault is what the upstream has told of instead.
func (c *Collector) Response() (*Response, bool) { return &c.response, c.ended }

// Fault is what the upstream has told of in place of an answer's end, nil for none.
func (c *Collector) Fault() *Error { return c.fault }

// Replay calls emit with the events that tell a whole answer, for clients that want a stream of an answer that is
// there already.
func Replay(r *Response, emit func(*Event)) {
	emit(&Event{
		Kind: EventStart, ID: r.ID, Model: r.Model, Created: r.Created,
		ServiceTier: r.ServiceTier, Fingerprint: r.Fingerprint, Usage: r.Usage, Counted: r.Counted,
	})
	for i := range r.Choices {
		choice := &r.Choices[i]
		for j := range choice.Parts {
			replayPart(&choice.Parts[j], i, j, choice.LogProbs, emit)
			if choice.Parts[j].Kind == PartText {
				choice = &Choice{Parts: choice.Parts, Stop: choice.Stop} // The likelihoods have gone with the first text.
			}
		}
		emit(&Event{Kind: EventFinish, Choice: i, Stop: choice.Stop})
	}
	emit(&Event{Kind: EventEnd, Usage: r.Usage, Counted: r.Counted})
}

func replayPart(p *Part, choice, block int, probs []LogProb, emit func(*Event)) {
	opened := *p
	opened.Text, opened.Citations = "", nil
	if !p.Encrypted {
		opened.Signature = Signature{}
	}
	text := p.Text
	if p.Call != nil {
		call := *p.Call
		text = string(call.Args)
		if call.Custom {
			text = call.Input
		}
		call.Args, call.Input = nil, ""
		opened.Call = &call
		opened.Signature = p.Signature
	}
	emit(&Event{Kind: EventBlock, Choice: choice, Block: block, Part: &opened})
	if p.Kind != PartText {
		probs = nil
	}
	if text != "" {
		emit(&Event{Kind: EventDelta, Choice: choice, Block: block, Text: []byte(text), LogProbs: probs})
	}
	for i := range p.Citations {
		emit(&Event{Kind: EventCitation, Choice: choice, Block: block, Citation: &p.Citations[i]})
	}
	if !p.Signature.Empty() && !p.Encrypted && p.Call == nil {
		emit(&Event{Kind: EventSignature, Choice: choice, Block: block, Signature: p.Signature})
	}
	emit(&Event{Kind: EventBlockEnd, Choice: choice, Block: block})
}
