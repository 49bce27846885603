package dialect

// EncodeTokenCount returns the answer to a client that asks how many tokens its request has.
func EncodeTokenCount(n Name, tokens int64) []byte {
	w := writer{buf: make([]byte, 0, 64)}
	w.open('{')
	switch n {
	case Gemini:
		w.int("totalTokens", tokens)
	case OpenAIResponses:
		w.str("object", "response.input_tokens")
		w.int("input_tokens", tokens)
	default:
		w.int("input_tokens", tokens)
	}
	w.close('}')
	return w.buf
}
