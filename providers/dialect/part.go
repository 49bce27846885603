package dialect

import "encoding/json"

// PartKind says what a Part is, and with it which of its fields count.
type PartKind uint8

// The kinds of part.
const (
	// PartText is Text, perhaps with Citations.
	PartText PartKind = iota
	// PartThinking is what the model thought: Text, or Encrypted, with Signature. See Part.Signature.
	PartThinking
	// PartRefusal is Text in which the model declines.
	PartRefusal
	// PartImage, PartAudio and PartFile have Media.
	PartImage
	PartAudio
	PartFile
	// PartToolCall has Call, PartToolResult has Result.
	PartToolCall
	PartToolResult
	// PartServerCall has ServerCall: a tool that the upstream runs by itself. PartServerResult has ServerResult.
	PartServerCall
	PartServerResult
)

// Part is one piece of a turn or of an answer.
type Part struct {
	Kind PartKind
	// Text is that of PartText, PartThinking and PartRefusal.
	Text string
	// Signature proves to its vendor that a thought is the vendor's own. Gemini signs calls and texts too.
	Signature Signature
	// Encrypted tells that a PartThinking has no text to show: Signature.Value is all there is of it, such as
	// Anthropic's redacted_thinking.
	Encrypted bool
	// ID is the vendor's id of a thought, where there is one.
	ID string

	Media        *Media
	Call         *ToolCall
	Result       *ToolResult
	ServerCall   *ServerCall
	ServerResult *ServerResult
	Citations    []Citation
	Cache        *CacheMark
}

// Media is an image, a sound or a file. One of Data, URL and FileID is set, or Text for a document that is one.
type Media struct {
	// Type is the media type, such as image/png, empty where it is unknown.
	Type string
	// Data is base64 with the standard alphabet and padding.
	Data string
	URL  string
	// FileID names a file that the client has given to Vendor. It cannot go to another one.
	FileID string
	Vendor Vendor
	// Text is the content of a document in plain text.
	Text string
	// Name is the file's name or the document's title.
	Name string
	// Context is what Anthropic's document says about itself.
	Context string
	// Detail is OpenAI's low, high, auto or original.
	Detail string
	// Cite asks for citations of a document.
	Cite bool
}

// ToolCall is the model's call of a tool that the client runs.
type ToolCall struct {
	// ID is empty where the upstream gave none; encoders for clients then make one, see Exchange.CallID.
	ID   string
	Name string
	// Namespace is that of Responses' namespace tools, empty for none.
	Namespace string
	// Args is a JSON object. What a client's history has instead is wrapped by Arguments.
	Args json.RawMessage
	// Custom tells of a call of a ToolCustom, which has Input in place of Args.
	Custom bool
	Input  string
}

// ToolResult answers a ToolCall.
type ToolResult struct {
	CallID string
	// Name is that of the tool, empty where the dialect does not repeat it. NameResults fills it in.
	Name string
	// Parts are texts, images and files. None at all is a result that says nothing.
	Parts []Part
	// Data is a result that is a JSON object and no text, as Gemini has them. Parts is then empty.
	Data json.RawMessage
	// Failed tells that the tool could not do it.
	Failed bool
	// Custom tells that a ToolCustom is answered.
	Custom bool
}

// ServerTool is a tool that the upstream runs by itself, by the name that the gateway knows it by.
type ServerTool string

// The server tools that have a meaning across vendors. Others are known by their vendor's type.
const (
	ServerWebSearch       ServerTool = "web_search"
	ServerCodeInterpreter ServerTool = "code_interpreter"
	ServerURLContext      ServerTool = "url_context"
)

// ServerCall is the use of a server tool.
type ServerCall struct {
	ID   string
	Tool ServerTool
	// Query is what was searched for, Code what was run, URL what was opened.
	Query string
	Code  string
	URL   string
	// Language is that of Code, empty where it was not said.
	Language string
	// Container is where Code was run, if the upstream told it.
	Container string
	// Input is the call's own JSON, where Query and Code do not tell everything.
	Input json.RawMessage
}

// ServerResult is what a server tool has yielded.
type ServerResult struct {
	CallID  string
	Tool    ServerTool
	Sources []Source
	Outputs []CodeOutput
	// Failure is the word for what went wrong, such as max_uses_exceeded; empty for success.
	Failure string
}

// Source is a page that was found.
type Source struct {
	URL, Title, Snippet, Age string
	// Encrypted is Anthropic's encrypted_content.
	Encrypted Signature
}

// CodeOutput is what code has written: Logs, or the address or data of an image.
type CodeOutput struct {
	Logs string
	// Failed tells that Logs is what the code wrote of its failure.
	Failed bool
	Image  *Media
}

// Citation says where a piece of text comes from.
type Citation struct {
	// Start and End are indexes into the part's text, counted in Unicode code points; both 0 where they are not known.
	Start, End int
	URL, Title string
	// Quoted is the text that is cited.
	Quoted string
	// Document is the index of the cited document among those of the request, -1 for none.
	Document int
	// Raw is the citation in the words of Vendor.
	Raw    json.RawMessage
	Vendor Vendor
}
