package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

const (
	// askTimeout bounds one question to an upstream.
	askTimeout = 5 * time.Second
	// unionTimeout bounds all questions of one request.
	unionTimeout = 10 * time.Second
	// listFresh is how long an upstream's list is used without another question.
	listFresh = time.Minute
	// listRetry is how long an upstream that failed is left alone.
	listRetry = 10 * time.Second
	// maxListed bounds the models taken from one upstream.
	maxListed = 10_000
)

// modelLister remembers what upstreams offer. At most one question to an instance is under way at a time; others
// that want its list wait for that one's answer.
type modelLister struct {
	providers *providers.Registry
	instances func() []*providers.Instance
	logger    *slog.Logger

	mu    sync.Mutex
	lists map[upstream]*modelList
}

// upstream tells lists apart: an instance that is given another account or endpoint offers other models.
type upstream struct {
	name, provider, baseURL string
	key                     providers.Secret
}

// modelList is what one upstream offers. Who holds its turn may use the fields.
type modelList struct {
	turn   chan struct{}
	models []dialect.Model
	until  time.Time
}

func newModelLister(registry *providers.Registry, instances func() []*providers.Instance, logger *slog.Logger) *modelLister {
	return &modelLister{providers: registry, instances: instances, logger: logger, lists: make(map[upstream]*modelList)}
}

func upstreamOf(in *providers.Instance) upstream {
	return upstream{in.Name, in.Provider, in.BaseURL, in.APIKey}
}

// listed returns the names that the upstream gave, asking it again when they are old. The slice is shared.
func (l *modelLister) listed(ctx context.Context, in *providers.Instance) []dialect.Model {
	provider, ok := l.providers.Lookup(in.Provider)
	if !ok {
		return nil
	}
	list := l.entry(upstreamOf(in))
	select {
	case list.turn <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-list.turn }()
	if time.Now().Before(list.until) {
		return list.models
	}
	l.ask(ctx, provider, in, list)
	return list.models
}

// ask brings a list up to date. An upstream that fails keeps its last list and is asked again soon; one whose
// question was given up by the client is asked again at once.
func (l *modelLister) ask(ctx context.Context, provider providers.Provider, in *providers.Instance, list *modelList) {
	bounded, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	models, err := provider.Models(bounded, in)
	switch {
	case err == nil:
		list.models = models[:min(len(models), maxListed)]
		list.until = time.Now().Add(listFresh)
	case ctx.Err() == nil:
		list.until = time.Now().Add(listRetry)
		l.logger.LogAttrs(ctx, slog.LevelWarn, "upstream does not list its models",
			slog.String("instance", in.Name), slog.String("provider", in.Provider), slog.Any("error", err))
	}
}

func (l *modelLister) entry(key upstream) *modelList {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, ok := l.lists[key]
	if !ok {
		list = &modelList{turn: make(chan struct{}, 1)}
		l.lists[key] = list
	}
	return list
}

// forget drops the lists of instances that are gone.
func (l *modelLister) forget(all []*providers.Instance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lists) == 0 {
		return
	}
	current := make(map[upstream]bool, len(all))
	for _, in := range all {
		current[upstreamOf(in)] = true
	}
	for key := range l.lists {
		if !current[key] {
			delete(l.lists, key)
		}
	}
}
