// Package simulator is a simulated upstream: the demo's, the tests' and the benchmarks'. It speaks OpenAI's Chat
// Completions API with embeddings and models, as the real one does on the wire, and misbehaves on demand in the ways
// that real ones do.
//
// The model's name says what happens. Any name that does not begin with "sim-" gets a sound answer of plain words,
// the same words whole or streamed. The others are scripts; those for streams answer soundly when no stream is
// asked for, unless it says otherwise:
//
//	sim-echo                  answers with the text of the last user message
//	sim-unicode               answers in several scripts and with emoji
//	sim-chunks-N              answers in N pieces
//	sim-huge-line[-BYTES]     one piece is BYTES long (4194304)
//	sim-reasoning             reasoning_content comes before content
//	sim-reasoner              like it, and refuses max_tokens (400, unsupported_parameter)
//	sim-tool-call             calls the first tool of the request, or "lookup"
//	sim-parallel-tools        calls it twice
//	sim-repeat-tool-id        calls it, with the id on every fragment
//
//	sim-slow-first-byte[-D]   waits D (1s) before the header
//	sim-slow-stream[-D]       waits D (100ms) before each event
//	sim-hang                  never answers
//	sim-hang-midstream        falls silent half way, streaming or not
//
//	sim-crlf, sim-cr          lines end with CR LF, with CR
//	sim-no-space              "data:" without the space
//	sim-comments              a comment before each event
//	sim-dribble               events arrive in pieces of a few bytes
//	sim-usage-always          usage on every chunk, cumulated, asked for or not
//	sim-no-done               the stream ends without [DONE]
//	sim-early-end             the stream ends half way, cleanly
//	sim-truncate              the connection breaks half way, within an event; streaming or not
//	sim-midstream-error       an error event half way, then the end
//
//	sim-err-STATUS            answers with that status, 400 to 599; 429 and 503 with Retry-After
//	sim-quota                 429 with insufficient_quota
//	sim-err-html              502 with a page of HTML
//	sim-err-detail            422 in the shape of other servers
//	sim-bad-json              200 with a body that is no JSON
//	sim-reset                 closes the connection without an answer
//
// Embeddings obey the scripts that come before an answer. D is a Go duration. An unknown script is a model that does
// not exist.
//
// A Simulator must not be taken for a gateway's part: nothing in it is shared with the code under test but the JSON
// scanner and the shape of errors. It is safe for concurrent use and starts no goroutine.
package simulator
