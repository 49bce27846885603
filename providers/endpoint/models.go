package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

var errNoModelList = errors.New("reply is no list of models")

// ParseModels reads a list of models. Servers that call themselves compatible answer in several shapes, so it takes a
// list wherever it finds one: {"data": [...]}, {"models": [...]} or a bare array. It skips entries without a name and
// returns how many. An error is a *providers.Error.
func ParseModels(body []byte) (models []dialect.Model, skipped int, err error) {
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		var envelope struct {
			Data   []json.RawMessage `json:"data"`
			Models []json.RawMessage `json:"models"`
		}
		if json.Unmarshal(body, &envelope) != nil || envelope.Data == nil && envelope.Models == nil {
			return nil, 0, BodyError(providers.ClassProvider, fmt.Errorf("list models: %w", errNoModelList))
		}
		list = slices.Concat(envelope.Data, envelope.Models)
	}
	models = make([]dialect.Model, 0, len(list))
	for _, entry := range list {
		m := parseModel(entry)
		if m.ID == "" {
			skipped++
			continue
		}
		models = append(models, m)
	}
	return models, skipped, nil
}

// googlePrefix begins the names in Google's lists, and no name in a request.
const googlePrefix = "models/"

// parseModel reads a name alone or an object; the ID is empty where there is none.
func parseModel(entry json.RawMessage) dialect.Model {
	var m dialect.Model
	if json.Unmarshal(entry, &m.ID) == nil {
		return m
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(entry, &fields) != nil {
		return m
	}
	for _, name := range []string{"id", "name", "model"} {
		if json.Unmarshal(fields[name], &m.ID) == nil && m.ID != "" {
			break
		}
	}
	m.ID = strings.TrimPrefix(m.ID, googlePrefix)
	_ = json.Unmarshal(fields["owned_by"], &m.OwnedBy) // whatever it is, it is only shown
	m.Created = created(fields)
	return m
}

// created reads OpenAI's number of seconds or Anthropic's time; 0 where there is neither.
func created(fields map[string]json.RawMessage) int64 {
	var seconds float64
	if json.Unmarshal(fields["created"], &seconds) == nil && seconds > 0 && seconds < 1<<53 {
		return int64(seconds)
	}
	var at time.Time
	if json.Unmarshal(fields["created_at"], &at) == nil && at.Unix() > 0 {
		return at.Unix()
	}
	return 0
}
