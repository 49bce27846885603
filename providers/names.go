package providers

// The canonical names of the providers.
const (
	OpenAICustom = "openai-custom"
	ClaudeCustom = "claude-custom"
	GeminiCLI    = "gemini-cli"
	KiroAPI      = "kiro-api"
	QwenAPI      = "qwen-api"
)

// Canonical resolves an alias of a provider's name; any other name comes back as it is. Case matters: model
// names such as "Qwen/Qwen3-8B" must not be taken for a provider and a model.
func Canonical(name string) string {
	switch name {
	case "openai":
		return OpenAICustom
	case "claude":
		return ClaudeCustom
	case "gemini", "gemini-cli-oauth":
		return GeminiCLI
	case "kiro", "claude-kiro-oauth", "openai-kiro-oauth":
		return KiroAPI
	case "qwen", "openai-qwen-oauth":
		return QwenAPI
	default:
		return name
	}
}
