package providers_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"aiproxy/providers"
	"aiproxy/providers/upstream"
)

func TestCallError(t *testing.T) {
	t.Parallel()
	timeout := &providers.Error{Class: providers.ClassProvider, Phase: providers.PhaseFirstByte, Err: errors.New("silent")}
	other := errors.New("some reason")
	for _, test := range []struct {
		name   string
		cancel error // of the context; nil for none
		err    error
		class  providers.Class
		phase  string
		cause  error
	}{
		{"transport's", nil, &upstream.Error{Phase: upstream.PhaseDial, Err: io.EOF}, providers.ClassProvider, "dial", io.EOF},
		{"unknown", nil, io.ErrUnexpectedEOF, providers.ClassProvider, "first_byte", io.ErrUnexpectedEOF},
		{
			"unsendable", nil, &upstream.Error{Phase: upstream.PhaseRequest, Err: upstream.ErrBadRequest},
			providers.ClassGateway, "request", upstream.ErrBadRequest,
		},
		{
			"canceled", context.Canceled, &upstream.Error{Phase: upstream.PhaseSend, Err: io.EOF},
			providers.ClassCanceled, "send", context.Canceled,
		},
		{"deadline", context.DeadlineExceeded, io.EOF, providers.ClassProvider, "first_byte", context.DeadlineExceeded},
		{"canceled with an Error", timeout, io.EOF, providers.ClassProvider, "first_byte", timeout},
		{"canceled with a reason", other, io.EOF, providers.ClassProvider, "first_byte", other},
		{"already an Error", nil, timeout, providers.ClassProvider, "first_byte", timeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if test.cancel != nil {
				cancel(test.cancel)
			}
			got := providers.CallError(ctx, test.err)
			if got.Class != test.class || got.Phase != test.phase || !errors.Is(got, test.cause) {
				t.Errorf("got class %v, phase %q, %v", got.Class, got.Phase, got)
			}
			if providers.ClassOf(got) != test.class {
				t.Errorf("its class is told as %v", providers.ClassOf(got))
			}
		})
	}
}

func TestErrorTellsItsPhaseOnce(t *testing.T) {
	t.Parallel()
	plain := &providers.Error{Phase: "send", Err: io.EOF}
	if got := plain.Error(); got != "send: EOF" {
		t.Error(got)
	}
	call := providers.CallError(t.Context(), &upstream.Error{Phase: upstream.PhaseDial, Addr: "h:1", Err: io.EOF})
	if got := call.Error(); got != "upstream h:1: dial: EOF" {
		t.Error(got)
	}
	if got := providers.ClassOf(nil); got != providers.ClassNone {
		t.Errorf("no error is of class %v", got)
	}
}
