package dialect

import "strconv"

// Exchange is one request and its answer, as the codecs on both sides share it. It belongs to one goroutine.
type Exchange struct {
	// ID is the gateway's id of the request, from which encoders make ids that the upstream did not give.
	ID string
	// Now is when the exchange began, in Unix seconds, for answers whose upstream does not tell.
	Now int64
	// Request is the client's, in the client's words: names of tools as the client knows them.
	Request *Request
	// Target is the upstream. Its Vendor is the origin of the signatures in the answer.
	Target Target
	// JSONArray asks the encoder of Gemini for a JSON array in place of server-sent events.
	JSONArray bool

	wire   map[ToolRef]string
	client map[string]ToolRef
	calls  int
}

// Wire returns the name under which the tool goes to the upstream, made legal by the rule and the same for the whole
// exchange. Names that differ stay different. Encoders use it for every name that they write: definitions, the choice
// of a tool, calls in the history and their results. The name of a namespace's tool begins with the namespace.
func (x *Exchange) Wire(ref ToolRef, rule NameRule) string {
	if name, ok := x.wire[ref]; ok {
		return name
	}
	full := ref.Name
	if ref.Namespace != "" {
		full = ref.Namespace + "__" + ref.Name
	}
	name := rule.apply(full)
	for n := 2; x.taken(name); n++ {
		name = rule.apply(full + "_" + strconv.Itoa(n))
	}
	if x.wire == nil {
		x.wire = make(map[ToolRef]string)
		x.client = make(map[string]ToolRef)
	}
	x.wire[ref], x.client[name] = name, ref
	return name
}

func (x *Exchange) taken(name string) bool {
	_, taken := x.client[name]
	return taken
}

// Client returns the tool that the client knows for a name that the upstream used. A name that was never sent comes
// back as it is.
func (x *Exchange) Client(name string) ToolRef {
	if ref, ok := x.client[name]; ok {
		return ref
	}
	return ToolRef{Name: name}
}

// CallID makes the id of a call to which the upstream gave none. It is different for each call of the exchange and,
// as the exchange's id is part of it, for each call of a conversation.
func (x *Exchange) CallID() string {
	x.calls++
	return "call_" + plainID(x.ID) + "_" + strconv.Itoa(x.calls)
}

// MintID makes an id for the answer or an item of it, such as "msg_..." with the prefix "msg".
func (x *Exchange) MintID(prefix string, n int) string {
	id := prefix + "_" + plainID(x.ID)
	if n > 0 {
		id += "_" + strconv.Itoa(n)
	}
	return id
}
