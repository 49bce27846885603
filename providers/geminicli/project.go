package geminicli

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/endpoint"
)

const (
	// pollPause is between two looks at an account that is being set up, as Gemini CLI has it.
	pollPause = 5 * time.Second
	// discoveryTimeout bounds finding out an account's project, setting it up included.
	discoveryTimeout = 2 * time.Minute
	// failureFresh is how long an account that has no project is not asked again.
	failureFresh = 10 * time.Second
	// maxProjects bounds the accounts that are remembered. Those that are gone stay until there are too many, and then
	// all go: they are asked again.
	maxProjects = 4096
)

// projects remembers which Google Cloud project each account works in. One question to an account is under way at a
// time; other calls wait for its answer.
type projects struct {
	assist assist
	pause  time.Duration

	mu    sync.Mutex
	known map[account]*project
}

// account is a token at an endpoint. The token itself is not kept.
type account struct {
	base  string
	token [sha256.Size]byte
}

// project is an account's. Who holds its turn may use the fields.
type project struct {
	turn chan struct{}
	id   string
	done bool
	// err is why there is none, until it is time to ask again.
	err   error
	until time.Time
}

// of returns the project of the instance: the configured one, or the one that Code Assist knows or makes for the account.
// It may be empty. Every error is a *providers.Error.
func (ps *projects) of(ctx context.Context, in *providers.Instance) (string, error) {
	if in.ProjectID != "" {
		return in.ProjectID, nil
	}
	p := ps.entry(account{in.BaseURL, sha256.Sum256([]byte(in.APIKey.Reveal()))})
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return "", providers.CallError(ctx, ctx.Err())
	}
	defer func() { <-p.turn }()
	if p.done {
		return p.id, nil
	}
	if p.err != nil && time.Now().Before(p.until) {
		return "", p.err
	}
	bounded, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	id, err := ps.assist.discover(bounded, in, ps.pause)
	switch {
	case err == nil:
		p.id, p.done = id, true
	case ctx.Err() == nil: // An account is not to blame for a client that has gone.
		p.err, p.until = err, time.Now().Add(failureFresh)
	}
	return id, err
}

func (ps *projects) entry(key account) *project {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.known[key]
	if p == nil {
		if ps.known == nil || len(ps.known) >= maxProjects {
			ps.known = make(map[account]*project)
		}
		p = &project{turn: make(chan struct{}, 1)}
		ps.known[key] = p
	}
	return p
}

// assist asks Code Assist about accounts.
type assist struct {
	client   *endpoint.Client
	classify endpoint.Classify
}

// tier is a level of service that an account can have.
type tier struct {
	ID        string `json:"id"`
	IsDefault bool   `json:"isDefault"`
	// OwnProject tells that the user must bring a project.
	OwnProject bool `json:"userDefinedCloudaicompanionProject"`
}

// metadata says who asks, in the words of Gemini CLI.
func metadata() map[string]string {
	return map[string]string{"ideType": "IDE_UNSPECIFIED", "platform": "PLATFORM_UNSPECIFIED", "pluginType": "GEMINI"}
}

// discover finds out the account's project, and sets the account up if it has none.
func (a assist) discover(ctx context.Context, in *providers.Instance, pause time.Duration) (string, error) {
	var loaded struct {
		CurrentTier  *tier  `json:"currentTier"`
		AllowedTiers []tier `json:"allowedTiers"`
		Ineligible   []struct {
			ReasonMessage string `json:"reasonMessage"`
		} `json:"ineligibleTiers"`
		Project string `json:"cloudaicompanionProject"`
	}
	if err := a.post(ctx, in, "loadCodeAssist", map[string]any{"metadata": metadata()}, &loaded); err != nil {
		return "", err
	}
	if loaded.Project != "" {
		return loaded.Project, nil
	}
	if len(loaded.AllowedTiers) == 0 && loaded.CurrentTier == nil && len(loaded.Ineligible) > 0 {
		return "", accountError(fmt.Errorf("the account may not use Code Assist: %s", clip(loaded.Ineligible[0].ReasonMessage)))
	}
	chosen := tier{ID: "legacy-tier", OwnProject: true} // What Gemini CLI takes where none is the default.
	if i := slices.IndexFunc(loaded.AllowedTiers, func(t tier) bool { return t.IsDefault }); i >= 0 {
		chosen = loaded.AllowedTiers[i]
	}
	if loaded.CurrentTier != nil {
		chosen = *loaded.CurrentTier
	}
	if chosen.OwnProject {
		return "", accountError(fmt.Errorf("the account's tier %q needs a Google Cloud project: set project_id", clip(chosen.ID)))
	}
	return a.onboard(ctx, in, chosen.ID, pause)
}

// operation is something that Code Assist is doing.
type operation struct {
	Name     string `json:"name"`
	Done     bool   `json:"done"`
	Response struct {
		Project struct {
			ID string `json:"id"`
		} `json:"cloudaicompanionProject"`
	} `json:"response"`
	Error *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// onboard sets the account up and waits until that is done.
func (a assist) onboard(ctx context.Context, in *providers.Instance, tierID string, pause time.Duration) (string, error) {
	var op operation
	if err := a.post(ctx, in, "onboardUser", map[string]any{"tierId": tierID, "metadata": metadata()}, &op); err != nil {
		return "", err
	}
	for !op.Done {
		if op.Name == "" {
			return "", endpoint.BodyError(providers.ClassProvider, errors.New("onboardUser: answer names no operation"))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", providers.CallError(ctx, ctx.Err())
		}
		path := internalPath + "/" + strings.TrimPrefix(op.Name, "/")
		if err := a.ask(ctx, in, endpoint.Request{Method: http.MethodGet, Path: path}, "onboardUser", &op); err != nil {
			return "", err
		}
	}
	if op.Error != nil {
		return "", accountError(fmt.Errorf("the account cannot be set up: %s", clip(op.Error.Message)))
	}
	return op.Response.Project.ID, nil
}

func (a assist) post(ctx context.Context, in *providers.Instance, method string, question map[string]any, answer any) error {
	raw, err := json.Marshal(question)
	if err != nil {
		return requestError(providers.ClassGateway, fmt.Errorf("%s: %w", method, err))
	}
	body := providers.NewBody(raw)
	defer body.Release()
	return a.ask(ctx, in, endpoint.Request{Method: http.MethodPost, Path: internalPath + ":" + method, Body: body}, method, answer)
}

func (a assist) ask(ctx context.Context, in *providers.Instance, r endpoint.Request, what string, answer any) error {
	r.Header = make(http.Header, 4)
	authorize(r.Header, in)
	raw, err := a.client.Fetch(ctx, in, r, what, a.ownFault)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return endpoint.BodyError(providers.ClassProvider, fmt.Errorf("%s: answer is not what it should be: %w", what, err))
	}
	return nil
}

// ownFault is the class of a reply to a question that no client has asked, so that none can be to blame.
func (a assist) ownFault(status int, header http.Header, body []byte) providers.Class {
	if class := a.classify(status, header, body); class != providers.ClassCaller {
		return class
	}
	return providers.ClassProvider
}

// accountError is the error of an account that cannot be used as it is.
func accountError(err error) error { return endpoint.BodyError(providers.ClassCredential, err) }

// clip bounds what is repeated of an upstream's text, in characters.
func clip(text string) string {
	const longest = 300
	runes := []rune(strings.ToValidUTF8(text, ""))
	if len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return string(runes)
}
