package dialect

import "strings"

// effort returns the word for an effort that the model of OpenAI's takes, and reports one that it does not. Models
// whose names are not known take every word.
func (r *Report) effort(model string, e Effort) Effort {
	said := e
	least, most := chatEfforts(model[strings.LastIndexByte(model, '/')+1:])
	switch e {
	case EffortXHigh, EffortMax:
		if most != "" {
			e = most
		}
	case EffortNone:
		if least != "" {
			e = least
		}
	case EffortMinimal:
		switch least {
		case EffortLow:
			e = EffortLow
		case EffortNone:
			e = EffortLow // Between none and low these models have nothing.
		}
	}
	if e != said {
		r.Drop(FieldReasoning)
	}
	return e
}

// chatEfforts are the least and the most effort of a model, as its documentation has them; empty where all words are
// taken.
func chatEfforts(model string) (least, most Effort) {
	switch {
	case strings.HasPrefix(model, "o1"), strings.HasPrefix(model, "o3"), strings.HasPrefix(model, "o4"):
		return EffortLow, EffortHigh
	case strings.HasPrefix(model, "gpt-5.1-codex-max"):
		return EffortNone, EffortXHigh
	case strings.HasPrefix(model, "gpt-5.1"):
		return EffortNone, EffortHigh
	case model == "gpt-5", strings.HasPrefix(model, "gpt-5-"):
		return EffortMinimal, EffortHigh
	default:
		return "", ""
	}
}
