package dialect

// Envelope is what must be known of a request before it can be routed: the members of its top-level object that
// every JSON dialect spells alike.
type Envelope struct {
	// Model is the model's name, unescaped, empty where it is missing or null.
	Model string
	// ModelSpan is where its value stands in the body, quotes included; empty where it is missing.
	ModelSpan Span
	// Stream tells that the client asked for a stream of events.
	Stream bool
	// StreamSpan is where its value stands in the body; empty where it is missing.
	StreamSpan Span
	// User is the end user as the client names it, empty where it is missing or no string.
	User string
	// Previous is the id of the stored response that a request of OpenAI's Responses API goes on from, PreviousSpan where
	// it stands in the body, quotes included; both are empty for none.
	Previous     string
	PreviousSpan Span
	// Unstored tells that the client wants the answer not to be kept.
	Unstored bool

	// open is the index behind the object's opening brace, and bare tells that the object has no members.
	open int
	bare bool
}

// Peek reads body, a JSON object, once. A body that is no object, ends early or goes on behind it is a
// *SyntaxError; a model that is no string, a stream that is no boolean, or either of them twice a *FieldError.
//
// Within nested objects and arrays only brackets and strings are followed, not the grammar between them: what is
// valid JSON is always accepted, and what is not may be left for the upstream to refuse.
func Peek(body []byte) (Envelope, error) { return PeekAs(OpenAIChat, body) }

// PeekAs is Peek for a request of the dialect, which keeps the end user where its clients do. In the bodies of Gemini's
// requests there is neither a model nor a stream to be found: their paths tell both.
func PeekAs(n Name, body []byte) (Envelope, error) {
	var env Envelope
	obj, err := openObject(body)
	if err != nil {
		return Envelope{}, err
	}
	env.open = obj.pos
	env.bare = true
	var m member
	for {
		more, err := obj.next(&m)
		if err != nil {
			return Envelope{}, err
		}
		if !more {
			break
		}
		env.bare = false
		if err := env.takeAs(n, body, &m); err != nil {
			return Envelope{}, err
		}
	}
	if err := expectEnd(body, obj.pos); err != nil {
		return Envelope{}, err
	}
	return env, nil
}

// takeAs keeps what m tells, if it is a member of interest in the dialect.
func (env *Envelope) takeAs(n Name, body []byte, m *member) error {
	switch n {
	case Gemini:
		return nil
	case Anthropic:
		if string(m.key) == "metadata" && body[m.value.Start] == '{' {
			env.User = value(m.value.of(body)).get("user_id").text()
			return nil
		}
	case OpenAIResponses:
		if taken, err := env.takeResponses(body, m); taken {
			return err
		}
	}
	return env.take(body, m)
}

// takeResponses keeps what m tells if it is a member that only the Responses API has.
func (env *Envelope) takeResponses(body []byte, m *member) (taken bool, err error) {
	text := body[m.value.Start] == '"'
	switch string(m.key) {
	case "safety_identifier":
		if text && env.User == "" {
			env.User, err = unquote(body, m.value)
		}
	case "previous_response_id":
		if text {
			env.PreviousSpan = m.value
			env.Previous, err = unquote(body, m.value)
		}
	case "store":
		env.Unstored = body[m.value.Start] == 'f'
	default:
		return false, nil
	}
	return true, err
}

// WithPrevious appends to dst the body that PeekAs has read, which goes on from a response, with another id for that and
// every other byte as it is. The spans of the envelope are those of the body read.
func (env Envelope) WithPrevious(dst, body []byte, id string) []byte {
	dst = append(dst, body[:env.PreviousSpan.Start]...)
	dst = appendString(dst, id)
	return append(dst, body[env.PreviousSpan.End:]...)
}

// take keeps what m tells, if it is a member of interest.
func (env *Envelope) take(body []byte, m *member) error {
	var err error
	switch string(m.key) {
	case "model":
		if !env.ModelSpan.Empty() {
			return &FieldError{Field: "model", Offset: m.value.Start, Reason: "is given twice"}
		}
		env.ModelSpan = m.value
		switch body[m.value.Start] {
		case '"':
			env.Model, err = unquote(body, m.value)
		case 'n':
		default:
			err = &FieldError{Field: "model", Offset: m.value.Start, Reason: "must be a string"}
		}
	case "stream":
		if !env.StreamSpan.Empty() {
			return &FieldError{Field: "stream", Offset: m.value.Start, Reason: "is given twice"}
		}
		env.StreamSpan = m.value
		switch body[m.value.Start] {
		case 't', 'f', 'n':
			env.Stream = body[m.value.Start] == 't'
		default:
			err = &FieldError{Field: "stream", Offset: m.value.Start, Reason: "must be a boolean"}
		}
	case "user":
		if body[m.value.Start] == '"' {
			env.User, err = unquote(body, m.value)
		}
	}
	return err
}

// WithModel appends to dst the body that Peek has read, with another model name and every other byte as it is, and
// returns the extended slice. A body without a model gets one as its first member.
func (env Envelope) WithModel(dst, body []byte, model string) []byte {
	if !env.ModelSpan.Empty() {
		dst = append(dst, body[:env.ModelSpan.Start]...)
		dst = appendString(dst, model)
		return append(dst, body[env.ModelSpan.End:]...)
	}
	dst = append(dst, body[:env.open]...)
	dst = append(dst, `"model":`...)
	dst = appendString(dst, model)
	if !env.bare {
		dst = append(dst, ',')
	}
	return append(dst, body[env.open:]...)
}
