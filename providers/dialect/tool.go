package dialect

import "encoding/json"

// ToolKind says who runs a tool and what it takes.
type ToolKind uint8

// The kinds of tool.
const (
	// ToolFunction takes JSON of a schema; the client runs it.
	ToolFunction ToolKind = iota
	// ToolCustom takes free text, perhaps of a grammar; the client runs it. Dialects without them get a function
	// with one string "input", see Exchange.Wire.
	ToolCustom
	// ToolServer is run by the upstream.
	ToolServer
)

// Tool is what the model may call.
type Tool struct {
	Kind        ToolKind
	Name        string
	Namespace   string
	Description string
	// Schema is JSON Schema, empty for a function without parameters.
	Schema json.RawMessage
	Strict *bool
	// Grammar is the format of a ToolCustom: {"type":"grammar","syntax":...,"definition":...}, empty for plain text.
	Grammar json.RawMessage
	// Server and Options describe a ToolServer.
	Server  ServerTool
	Options ServerOptions
	// Vendor and Raw are the definition in its vendor's own words, for tools that only that vendor has, and empty
	// where the fields above tell everything.
	Vendor Vendor
	Raw    json.RawMessage
	Cache  *CacheMark
}

// ServerOptions bound what a server tool does.
type ServerOptions struct {
	MaxUses        *int64
	AllowedDomains []string
	BlockedDomains []string
	// ContextSize is OpenAI's low, medium or high.
	ContextSize string
	// Location is OpenAI's and Anthropic's {"type":"approximate","city":...}, empty for none.
	Location json.RawMessage
	// Container is OpenAI's container of code_interpreter.
	Container json.RawMessage
}

// ChoiceMode says whether the model must call tools.
type ChoiceMode uint8

// The modes.
const (
	// ChoiceUnset stands for nothing said.
	ChoiceUnset ChoiceMode = iota
	ChoiceAuto
	ChoiceNone
	// ChoiceRequired wants at least one call.
	ChoiceRequired
	// ChoiceTool wants the one tool in Names[0].
	ChoiceTool
)

// ToolChoice says whether the model must call tools and which.
type ToolChoice struct {
	Mode ChoiceMode
	// Names is the tool of ChoiceTool, or with ChoiceAuto and ChoiceRequired the subset that may be called, empty for
	// all. They are as in Request.Tools.
	Names []ToolRef
	// Server is the server tool that ChoiceTool wants, in place of Names.
	Server ServerTool
}

// ToolRef names a tool of Request.Tools.
type ToolRef struct {
	Namespace, Name string
	Custom          bool
}

// Ref names the tool.
func (t *Tool) Ref() ToolRef {
	return ToolRef{Namespace: t.Namespace, Name: t.Name, Custom: t.Kind == ToolCustom}
}
