package dialect

// Effort is a word for how much a model should think.
type Effort string

// The efforts, from none to all that is possible. They are OpenAI's words and, but for none and minimal, Anthropic's.
const (
	EffortNone    Effort = "none"
	EffortMinimal Effort = "minimal"
	EffortLow     Effort = "low"
	EffortMedium  Effort = "medium"
	EffortHigh    Effort = "high"
	EffortXHigh   Effort = "xhigh"
	EffortMax     Effort = "max"
)

// minBudget is the smallest number of tokens that Anthropic takes for thinking.
const minBudget = 1024

// BudgetOf returns the number of tokens for thinking that an effort stands for, and whether the effort is known.
func BudgetOf(e Effort) (int64, bool) {
	switch e {
	case EffortNone:
		return 0, true
	case EffortMinimal:
		return 512, true
	case EffortLow:
		return 1024, true
	case EffortMedium:
		return 8192, true
	case EffortHigh:
		return 24576, true
	case EffortXHigh:
		return 32768, true
	case EffortMax:
		return 128000, true
	default:
		return 0, false
	}
}

// EffortOf returns the effort that a number of tokens for thinking stands for. A negative one, for which the model
// decides, has no word: it comes back as empty.
func EffortOf(budget int64) Effort {
	switch {
	case budget < 0:
		return ""
	case budget == 0:
		return EffortNone
	case budget <= 512:
		return EffortMinimal
	case budget <= 1024:
		return EffortLow
	case budget <= 8192:
		return EffortMedium
	case budget <= 24576:
		return EffortHigh
	case budget <= 65536:
		return EffortXHigh
	default:
		return EffortMax
	}
}

// Word returns the effort, said or derived from the budget, empty where neither says one.
func (r *Reasoning) Word() Effort {
	if r.Effort == "" && r.Budget != nil {
		return EffortOf(*r.Budget)
	}
	return r.Effort
}

// Tokens returns the budget, said or derived from the effort, and whether there is one; -1 leaves it to the model.
func (r *Reasoning) Tokens() (int64, bool) {
	if r.Budget != nil {
		return *r.Budget, true
	}
	if r.Effort == "" && r.Adaptive {
		return -1, true
	}
	return BudgetOf(r.Effort)
}
