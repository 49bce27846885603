package dialect

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of event. Every stream is
//
//	Start ( Block Delta* ... BlockEnd )* Finish ... End
//
// with these guarantees of every Decoder, on which every Encoder relies:
//
//   - Start is first and comes once. End is last and comes once, and after an Error nothing comes.
//   - Of each choice at most one block is open. A decoder whose upstream interleaves calls holds the later ones back.
//   - A block's index is its place in the answer: dense, rising from 0 for each choice.
//   - Finish comes once a choice, after its last block is closed. Usage is known at End, at the latest.
const (
	// EventStart has ID, Model and Created, and Usage as far as it is known (Counted).
	EventStart EventKind = iota
	// EventBlock opens a block: Part has its kind and what is known at its beginning: ID and name of a call, all of a
	// server call or result, a thought that is Encrypted, an image. Part.Text is empty: it comes in deltas.
	EventBlock
	// EventDelta has a fragment: Text of a text, a thought or a refusal, JSON text of a call's Args, free text of a
	// custom call's Input. Text is never empty. LogProbs belong to it.
	EventDelta
	// EventSignature has the Signature of the open block. It comes at most once, just before its end.
	EventSignature
	// EventCitation has a Citation within the open text.
	EventCitation
	// EventBlockEnd closes the block.
	EventBlockEnd
	// EventFinish has the Stop of a choice.
	EventFinish
	// EventUsage has Usage as it is known by now, all of it and not an increment. It may come at any time.
	EventUsage
	// EventPing shows that the upstream is alive.
	EventPing
	// EventError has Err: the upstream broke off. The stream ends with it.
	EventError
	// EventEnd has the final Usage, if Counted.
	EventEnd
)

// Event is one step of an answer that streams. It is valid until the decoder that made it is called again.
type Event struct {
	Kind EventKind
	// Choice is the index of the answer, Block that of the part within it.
	Choice int
	Block  int
	// Text is a fragment, decoded: no JSON escapes.
	Text []byte
	Part *Part
	// LogProbs belong to Text.
	LogProbs  []LogProb
	Signature Signature
	Citation  *Citation
	Stop      Stop
	Usage     Usage
	Counted   bool
	Err       *Error

	// These belong to EventStart.
	ID          string
	Model       string
	Created     int64
	ServiceTier string
	Fingerprint string
}

// Frame is one event of an upstream's stream, its framing taken off.
type Frame struct {
	// Name is that of the event line, empty for none.
	Name []byte
	// Data are the data lines, joined by LF.
	Data []byte
}

// Decoder reads an upstream's stream. It belongs to one goroutine.
type Decoder interface {
	// Decode appends to events what the frame tells. A frame that the dialect does not know tells nothing. An error
	// is a frame that is no JSON or cannot be what the dialect says: the stream is of no use any more.
	Decode(events []Event, f Frame) ([]Event, error)
	// Close appends what is still to be told when the upstream has ended its stream properly. ErrTruncated says that
	// the answer was not complete. After an EventEnd or an EventError it appends nothing.
	Close(events []Event) ([]Event, error)
}

// Encoder writes a stream for a client. It belongs to one goroutine.
type Encoder interface {
	// ContentType is that of the whole answer.
	ContentType() string
	// Encode appends to dst what tells the event to the client: whole events of the dialect, or nothing.
	Encode(dst []byte, e *Event) []byte
	// KeepAlive appends what keeps the client from giving up on a silent stream. It may be called at any time
	// between other calls, also before the first.
	KeepAlive(dst []byte) []byte
}
