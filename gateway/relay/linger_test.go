package relay_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"aiproxy/providers"
)

// Clients such as Codex act on the end of their stream, so that must not wait for an upstream that leaves its own open.
func TestAnswerEndsBeforeTheUpstreamsStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, took := timed(t, func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
			return streamReply(&script{ctx: ctx, steps: []step{
				{data: "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"},
				{pause: time.Second, data: "data: [DONE]\n\n"},
			}}), nil
		})
		if took != time.Second+50*time.Millisecond || len(got.got) != 2 {
			t.Errorf("after %s: %q", took, got.got)
		}
	})
}

func TestAnswerEndsWithTheUpstreamsStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, took := timed(t, func(ctx context.Context, _ *providers.Instance, _ *providers.Call) (*providers.Reply, error) {
			return streamReply(&script{ctx: ctx, steps: []step{
				{data: "data: {}\n\ndata: [DONE]\n\n"}, {pause: 20 * time.Millisecond, err: io.EOF},
			}}), nil
		})
		if took != 20*time.Millisecond || len(got.got) != 1 {
			t.Errorf("after %s: %q", took, got.got)
		}
	})
}
