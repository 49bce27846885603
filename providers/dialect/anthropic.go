package dialect

import (
	"strconv"
	"time"
)

// anthropic is the codec of Anthropic: the Messages API, version 2023-06-01,
// https://docs.anthropic.com/en/api/messages.
type anthropic struct{}

// Name is the dialect's.
func (anthropic) Name() Name { return Anthropic }

// FieldName is what the Messages API calls a field of Request.
func (anthropic) FieldName(f Field) string {
	switch f {
	case FieldParallelTools:
		return "tool_choice.disable_parallel_tool_use"
	case FieldFormat:
		return "output_config.format"
	case FieldReasoning:
		return "thinking"
	case FieldStop:
		return "stop_sequences"
	case FieldUser:
		return "metadata.user_id"
	default:
		return string(f)
	}
}

func (c anthropic) encodeModels(models []Model) []byte {
	w := writer{buf: make([]byte, 0, 64+128*len(models))}
	w.open('{')
	w.openArray("data")
	for _, m := range models {
		c.writeModel(&w, m)
	}
	w.close(']')
	w.bool("has_more", false)
	if len(models) == 0 {
		w.null("first_id")
		w.null("last_id")
	} else {
		w.str("first_id", models[0].ID)
		w.str("last_id", models[len(models)-1].ID)
	}
	w.close('}')
	return w.buf
}

func (c anthropic) encodeModel(m Model) []byte {
	w := writer{buf: make([]byte, 0, 128)}
	c.writeModel(&w, m)
	return w.buf
}

func (anthropic) writeModel(w *writer, m Model) {
	w.open('{')
	w.str("type", "model")
	w.str("id", m.ID)
	w.str("display_name", m.ID)
	w.str("created_at", time.Unix(m.Created, 0).UTC().Format(time.RFC3339))
	w.close('}')
}

// anthropicGeneration is the version in a Claude model's name: 4.5 of claude-sonnet-4-5-20250929, 3.7 of
// claude-3-7-sonnet-latest. What upstreams accept depends on it. A name that tells none is taken for a current model,
// which is what Anthropic's own clients do.
type anthropicGeneration struct{ major, minor int }

// since4 tells whether the model is of version 4.minor or a later one, or of an unknown one.
func (g anthropicGeneration) since4(minor int) bool {
	return g.major == 0 || g.major > 4 || g.major == 4 && g.minor >= minor
}

// anthropicVersion reads a model's name. Numbers of more than two digits are dates.
func anthropicVersion(model string) anthropicGeneration {
	var g anthropicGeneration
	for i := 0; i < len(model); {
		if model[i] < '0' || model[i] > '9' || i > 0 && model[i-1] != '-' && model[i-1] != '.' {
			i++
			continue
		}
		end := i
		for end < len(model) && model[end] >= '0' && model[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(model[i:end])
		switch {
		case err != nil || end-i > 2:
			return g
		case g.major == 0:
			g.major = n
		default:
			g.minor = n
			return g
		}
		if end < len(model) && model[end] != '-' && model[end] != '.' {
			return g
		}
		i = end
		if i+1 < len(model) && (model[i+1] < '0' || model[i+1] > '9') {
			return g
		}
	}
	return g
}
