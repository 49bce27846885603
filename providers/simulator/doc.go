// Package simulator is a simulated upstream: the demo's, the tests' and the benchmarks'. It speaks the protocols of
// the vendors as the real ones do on the wire, refuses what they refuse, in their words, and misbehaves on demand in
// the ways that they do.
//
//	/v1/chat/completions, /v1/embeddings, /v1/models               OpenAI Chat Completions and its likes
//	/v1/responses, /v1/responses/{id} ...                          OpenAI Responses, with what it stores
//	/compatible-mode/v1/chat/completions, .../responses            Qwen (at /v1 with the header X-DashScope-AuthType)
//	/v1/messages, /v1/messages/count_tokens, /v1/models            Anthropic (models with the header anthropic-version)
//	/v1beta/models, /v1alpha, /v1: {m}:generateContent ...         Gemini, as events or a JSON array; embeddings, counts
//	/v1internal:generateContent, :loadCodeAssist, :onboardUser ... Gemini's Code Assist
//	/generateAssistantResponse, /ListAvailableModels               Kiro, in Amazon's binary framing
//
// The model's name says what happens, in every protocol alike. Any name that does not begin with "sim-" gets a sound
// answer of plain words, the same words whole or streamed, or what the request asks for: JSON of a schema, a call of a
// tool that must be called, a thought, a search, an answer cut at the limit or a stop sequence. The others are scripts;
// those for streams answer soundly when no stream is asked for, unless it says otherwise:
//
//	sim-echo                  answers with the text of the last user message
//	sim-inspect               answers with what the conversation is made of, a line for each part
//	sim-unicode               answers in several scripts and with emoji
//	sim-unicode-split         like it, and the stream arrives byte by byte
//	sim-chunks-N              answers in N pieces
//	sim-huge-line[-BYTES]     one piece is BYTES long (4194304)
//	sim-json                  answers with JSON that fits the request's schema
//	sim-max-tokens            stops half way at the limit of tokens
//	sim-refusal               the assistant declines
//	sim-blocked               the prompt is blocked: no answer, in the vendor's way to say so
//	sim-cite                  a text with citations
//	sim-search, sim-code      the upstream searches the web, runs code, and says what it found
//	sim-pause                 the turn pauses after a search (Anthropic)
//	sim-cached                half of the prompt came from a cache
//
//	sim-think, sim-reasoning  a thought comes before the answer, signed where the protocol signs
//	sim-reasoner              like it, and refuses max_tokens (Chat: 400, unsupported_parameter)
//	sim-think-redacted        a thought that only the vendor can read
//	sim-think-tools           a thought, then two calls; the thought's signature must come back with them
//	sim-tool-call             calls the first tool of the request, or "lookup"; a plain answer once it has the result
//	sim-tools-parallel        two calls of the request's tools in turn (also sim-parallel-tools)
//	sim-tool-empty            a call without arguments
//	sim-tool-unicode          arguments with escapes, split within them
//	sim-tool-max-tokens       the limit of tokens is reached within the arguments
//	sim-tool-malformed        the model fails at the call: broken arguments, or the vendor's word for it
//	sim-repeat-tool-id        the id is on every fragment (Chat)
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
//	sim-no-done               the stream ends without its end mark
//	sim-early-end             the stream ends half way, cleanly
//	sim-truncate              the connection breaks half way, within an event; streaming or not
//	sim-bad-frame             a frame half way fails its checksum (Kiro)
//	sim-midstream-error       the vendor's error event half way, then the end
//
//	sim-err-STATUS            answers with that status, 400 to 599; 429 and 503 with Retry-After
//	sim-rate-D                429, to be tried again after D
//	sim-quota                 429 because the quota is used up
//	sim-too-long              400 because the prompt is too long for the model
//	sim-filtered              400 because of the vendor's filter
//	sim-err-html              502 with a page of HTML
//	sim-err-detail            422 in the shape of other servers
//	sim-bad-json              200 with a body that is no JSON
//	sim-reset                 closes the connection without an answer
//
// Embeddings and counts of tokens obey the scripts that come before an answer. D is a Go duration. An unknown script
// is a model that does not exist.
//
// One engine (compose.go) makes the answer; one writer a protocol (named chat, anthropic and so on) writes it, whole
// or as a stream. It shares nothing with the code under test, so that a fault there cannot hide here. A Simulator is
// safe for concurrent use and starts no goroutine.
package simulator
