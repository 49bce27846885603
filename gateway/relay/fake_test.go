package relay_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
)

// doFunc carries out a call of a fake provider.
type doFunc func(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error)

// fake is a provider that a test writes. It notes the calls.
type fake struct {
	name     string
	do       doFunc
	supports func(op providers.Operation) bool
	target   func(d dialect.Name, model string) dialect.Target

	mu    sync.Mutex
	calls []fakeCall
}

type fakeCall struct{ instance, model, body string }

func (f *fake) Name() string { return f.name }

func (f *fake) Supports(op providers.Operation, _ dialect.Name) bool {
	return f.supports == nil || f.supports(op)
}

func (f *fake) Target(_ *providers.Instance, op providers.Operation, d dialect.Name, model string) (dialect.Target, bool) {
	if f.target != nil {
		return f.target(d, model), true
	}
	return dialect.Target{Dialect: d, Model: model}, f.Supports(op, d)
}

func (f *fake) Do(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
	f.mu.Lock()
	f.calls = append(f.calls, fakeCall{in.Name, call.Model, string(call.Body.Bytes())})
	f.mu.Unlock()
	if f.do == nil {
		return jsonReply(http.StatusOK, `{"object":"chat.completion"}`), nil
	}
	return f.do(ctx, in, call)
}

func (f *fake) Models(context.Context, *providers.Instance) ([]dialect.Model, error) { return nil, nil }

func (f *fake) Classify(status int, _ http.Header, _ []byte) providers.Class {
	return providers.ClassifyStatus(status)
}

// made returns the calls so far.
func (f *fake) made() []fakeCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fakeCall(nil), f.calls...)
}

func jsonReply(status int, body string) *providers.Reply {
	return &providers.Reply{
		Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

func streamReply(body io.Reader) *providers.Reply {
	return &providers.Reply{
		Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(body),
	}
}

// script is a body that follows a script: each step gives some bytes or an error, after a pause that the end of ctx
// cuts short. After the last step it is silent until ctx ends.
type script struct {
	ctx   context.Context //nolint:containedctx // A body has no other way to learn of the end of its call.
	steps []step
}

type step struct {
	pause time.Duration
	data  string
	err   error
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.steps) == 0 {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	now := &s.steps[0]
	if now.pause > 0 {
		select {
		case <-time.After(now.pause):
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		}
		now.pause = 0
	}
	if s.ctx.Err() != nil {
		return 0, s.ctx.Err()
	}
	n := copy(p, now.data)
	now.data = now.data[n:]
	if now.data != "" {
		return n, nil
	}
	err := now.err
	s.steps = s.steps[1:]
	return n, err
}

// playing returns a doFunc that answers with a stream of these steps.
func playing(steps ...step) doFunc {
	return func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
		return streamReply(&script{ctx: ctx, steps: append([]step(nil), steps...)}), nil
	}
}

// byInstance returns a doFunc that does what the table says for an instance.
func byInstance(table map[string]doFunc) doFunc {
	return func(ctx context.Context, in *providers.Instance, call *providers.Call) (*providers.Reply, error) {
		return table[in.Name](ctx, in, call)
	}
}

func answering(status int, body string) doFunc {
	return func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		return jsonReply(status, body), nil
	}
}

func failing(class providers.Class, phase string, err error) doFunc {
	return func(context.Context, *providers.Instance, *providers.Call) (*providers.Reply, error) {
		return nil, &providers.Error{Class: class, Phase: phase, Err: err}
	}
}
