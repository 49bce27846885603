package dialect

// ForeignError reads the body of a reply that tells of a fault, whatever the shape: that of another kind of server,
// a proxy's page, nothing at all. It returns the fault for a client of the dialect, with an empty Message where the
// body says nothing that could be repeated, or nil for a body that has the dialect's shape and should be passed on
// as it is.
func ForeignError(n Name, status int, body []byte) *Error {
	return codecFor(n).foreignError(status, body)
}
