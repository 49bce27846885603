package openaicustom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// maxModelsReply bounds the list of models in bytes; OpenRouter's, the longest in the field, is under 1 MiB.
const maxModelsReply = 8 << 20

var errNoModelList = errors.New("reply is no list of models")

// Models implements providers.Provider. Servers that call themselves compatible answer in several shapes, so it
// takes a list wherever it finds one and skips entries without a name. Every error is a *providers.Error.
func (p *Provider) Models(ctx context.Context, in *providers.Instance) ([]dialect.Model, error) {
	req, err := p.newRequest(ctx, http.MethodGet, in, "/models", make(http.Header, 3))
	if err != nil {
		return nil, err
	}
	resp, err := p.transport.RoundTrip(req)
	if err != nil {
		return nil, providers.CallError(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		class := p.Classify(resp.StatusCode, resp.Header, nil)
		return nil, readError(class, fmt.Errorf("list models: upstream answered %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxModelsReply+1))
	switch {
	case err != nil:
		return nil, readError(providers.CallError(ctx, err).Class, fmt.Errorf("list models: %w", err))
	case len(body) > maxModelsReply:
		return nil, readError(providers.ClassProvider, fmt.Errorf("list models: %w", providers.ErrTooLarge))
	}
	models, skipped, err := parseModels(body)
	if err != nil {
		return nil, readError(providers.ClassProvider, fmt.Errorf("list models: %w", err))
	}
	if skipped > 0 {
		p.logger.DebugContext(ctx, "models without a name skipped", "instance", in.Name, "skipped", skipped)
	}
	return models, nil
}

func readError(class providers.Class, err error) error {
	return &providers.Error{Class: class, Phase: providers.PhaseBody, Err: err}
}

// parseModels reads {"data": [...]}, {"models": [...]} or a bare array, and how many entries it had to skip.
func parseModels(body []byte) (models []dialect.Model, skipped int, err error) {
	var list []json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		var envelope struct {
			Data   []json.RawMessage `json:"data"`
			Models []json.RawMessage `json:"models"`
		}
		if json.Unmarshal(body, &envelope) != nil || envelope.Data == nil && envelope.Models == nil {
			return nil, 0, errNoModelList
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
	_ = json.Unmarshal(fields["owned_by"], &m.OwnedBy) // whatever it is, it is only shown
	var created float64
	if json.Unmarshal(fields["created"], &created) == nil && created > 0 && created < 1<<53 {
		m.Created = int64(created)
	}
	return m
}
