package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkPairs demands the result of each call in the user's next message, before anything else, and a call for each
// result. Messages of one role in a row count as one, as the API merges them.
func (req *messagesRequest) checkPairs() *fault {
	seen := make(map[string]bool)
	var open []string
	for i := 0; i < len(req.Messages); {
		role := req.Messages[i].Role
		first := i
		var blocks claudeContent
		for ; i < len(req.Messages) && req.Messages[i].Role == role; i++ {
			blocks = append(blocks, req.Messages[i].Content...)
		}
		if role != "assistant" {
			if f := checkResults(first, blocks, open); f != nil {
				return f
			}
			open = nil
			continue
		}
		for j, b := range blocks {
			if b.Type != "tool_use" {
				continue
			}
			if seen[b.ID] {
				return badRequest(fmt.Sprintf("messages.%d.content.%d: `tool_use` ids must be unique", first, j))
			}
			seen[b.ID] = true
			open = append(open, b.ID)
		}
	}
	if len(open) > 0 {
		return unanswered(len(req.Messages)-1, open)
	}
	return nil
}

// checkResults compares a user's message with the calls before it.
func checkResults(at int, blocks claudeContent, open []string) *fault {
	missing := slices.Clone(open)
	answered := make(map[string]bool)
	results := true
	for j, b := range blocks {
		if b.Type != "tool_result" {
			results = false
			continue
		}
		switch {
		case answered[b.ToolUseID]:
			return badRequest(fmt.Sprintf("messages.%d.content.%d: each tool_use must have a single result. Found multiple "+
				"`tool_result` blocks with id: %s", at, j, b.ToolUseID))
		case !slices.Contains(open, b.ToolUseID):
			return badRequest(fmt.Sprintf("messages.%d.content.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s. "+
				"Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", at, j, b.ToolUseID))
		}
		answered[b.ToolUseID] = true
		if results { // only those before any other block answer
			missing = slices.DeleteFunc(missing, func(id string) bool { return id == b.ToolUseID })
		}
	}
	if len(missing) > 0 {
		return unanswered(at-1, missing)
	}
	return nil
}

func unanswered(at int, ids []string) *fault {
	return badRequest(fmt.Sprintf("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. "+
		"Each `tool_use` block must have a corresponding `tool_result` block in the next message.", at, strings.Join(ids, ", ")))
}

// checkThoughts applies the rules of thinking, which depend on the model's generation.
func (req *messagesRequest) checkThoughts() *fault {
	t := req.Thinking
	if t == nil {
		return nil
	}
	gen := generation(req.Model)
	switch t.Type {
	case "disabled":
		return nil
	case "adaptive":
		if gen > 0 && gen < 4.6 {
			return badRequest("adaptive thinking is not supported on this model")
		}
		return nil
	}
	switch {
	case gen >= 4.7:
		return badRequest(`"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and ` +
			`"output_config.effort" to control thinking behavior.`)
	case t.BudgetTokens < 1024:
		return badRequest("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
	case req.MaxTokens != nil && t.BudgetTokens >= *req.MaxTokens:
		return badRequest("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at " +
			"https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size")
	case req.Temperature != nil && *req.Temperature != 1:
		return badRequest("`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at " +
			"https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking")
	case req.TopK != nil:
		return badRequest("`top_k` must be unset when thinking is enabled.")
	case req.TopP != nil && *req.TopP < 0.95:
		return badRequest("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")
	case req.ToolChoice != nil && (req.ToolChoice.Type == "any" || req.ToolChoice.Type == "tool"):
		return badRequest("Thinking may not be enabled when tool_choice forces tool use.")
	default:
		return req.checkPending()
	}
}

// checkPending demands that a turn whose calls have just been answered begins with its thought.
func (req *messagesRequest) checkPending() *fault {
	for i, m := range slices.Backward(req.Messages) {
		if m.Role != "assistant" {
			continue
		}
		calls := slices.ContainsFunc(m.Content, func(b claudeBlock) bool { return b.Type == "tool_use" })
		if first := m.Content; calls && first[0].Type != "thinking" && first[0].Type != "redacted_thinking" {
			return badRequest(fmt.Sprintf("messages.%d.content.0.type: Expected `thinking` or `redacted_thinking`, but found `%s`. "+
				"When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceding the "+
				"lastmost set of `tool_use` and `tool_result` blocks).", i, first[0].Type))
		}
		return nil
	}
	return nil
}

var claudeModel = regexp.MustCompile(`^claude-(?:opus|sonnet|haiku|fable|mythos)-(\d+)(?:-(\d{1,2}))?(?:-|$)`)

// generation is a Claude's, such as 4.6; 0 for other names, to which no rule of a generation applies.
func generation(model string) float64 {
	match := claudeModel.FindStringSubmatch(model)
	if match == nil {
		return 0
	}
	g, _ := strconv.ParseFloat(match[1]+"."+match[2], 64) // they are digits
	return g
}
