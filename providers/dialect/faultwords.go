package dialect

// faultWord is a dialect's word for a kind of fault, and the status that goes with it.
type faultWord struct {
	kind   ErrorKind
	word   string
	status int
}

// faultWords are those of a dialect that tells faults by words. Of two entries with one word the first is what the
// word means when it is read.
type faultWords []faultWord

// of is how a kind is told; kinds without a word of their own are the server's.
func (all faultWords) of(kind ErrorKind) faultWord {
	var server faultWord
	for _, f := range all {
		if f.kind == kind {
			return f
		}
		if f.kind == KindServer {
			server = f
		}
	}
	return server
}

// read sets the kind that a word tells, and the status if the fault came without one. A word that is not known tells
// nothing.
func (all faultWords) read(e *Error, word string) {
	for _, f := range all {
		if f.word == word {
			e.Kind = f.kind
			if e.Status < 400 {
				e.Status = f.status
			}
			return
		}
	}
}
