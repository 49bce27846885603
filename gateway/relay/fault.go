package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"

	"aiproxy/providers"
	"aiproxy/providers/dialect"
	"aiproxy/providers/upstream"
)

// statusClientClosed is what stands in metrics and logs for a request that its client gave up; nobody reads it.
const statusClientClosed = 499

// phaseRead is the phase in which the body of a reply is read.
const phaseRead = "read"

// The codes of faults on the way to an upstream and back.
const (
	codeUnreachable = "upstream_unreachable"
	codeBroken      = "upstream_connection_error"
	codeTimeout     = "upstream_timeout"
	codeTruncated   = "upstream_truncated"
	codeRedirect    = "upstream_redirect"
	codeGateway     = "internal_error"
	codeCanceled    = "request_canceled"
)

// fault is an attempt that did not end well.
type fault struct {
	class providers.Class
	// phase is where a call without a good answer ended.
	phase string
	// cause is for the log, never for the client: it may hold addresses.
	cause error
	// untranslated tells of a request that was never sent, because it cannot be said in the upstream's dialect.
	untranslated bool
	// tell is what the client learns where no other attempt helps; its message names the instance.
	tell dialect.Error
}

// retriable tells whether another instance may do better.
func (f *fault) retriable() bool {
	if f.untranslated {
		return true // Another instance may speak another dialect.
	}
	switch f.class {
	case providers.ClassCredential, providers.ClassQuota, providers.ClassProvider:
		return true
	default:
		return false
	}
}

// callFault judges an error of Provider.Do. The cause is that for which the attempt's context was cancelled, nil if
// it was not.
func (a *attempt) callFault(err, cause error) *fault {
	if f := a.endFault(cause); f != nil {
		return f
	}
	f := &fault{class: providers.ClassOf(err), phase: phaseOf(err), cause: plain(err)}
	name := a.target.instance.Name
	switch f.class {
	case providers.ClassCaller:
		f.tell = dialect.Error{
			Status:  http.StatusBadRequest,
			Message: fmt.Sprintf("the request cannot be sent to instance %q: %v", name, f.cause),
		}
		return f
	case providers.ClassGateway:
		f.tell = dialect.Error{
			Status: http.StatusInternalServerError, Code: codeGateway,
			Message: fmt.Sprintf("the call of instance %q could not be made (phase %s): see the gateway's log", name, f.phase),
		}
		return f
	}
	f.tell = dialect.Error{Status: http.StatusBadGateway, Code: codeBroken}
	switch f.phase {
	case providers.PhaseDial:
		f.tell.Code = codeUnreachable
		f.tell.Message = fmt.Sprintf("instance %q cannot be reached (phase dial%s): check its base_url and whether its upstream is up", name, reason(err))
	default:
		f.tell.Message = fmt.Sprintf("instance %q gave no answer (phase %s%s): try again", name, f.phase, reason(err))
	}
	return f
}

// readFault judges an error while the reply's body was read.
func (a *attempt) readFault(err, cause error) *fault {
	if f := a.endFault(cause); f != nil {
		return f
	}
	return &fault{
		class: providers.ClassProvider, phase: phaseRead, cause: plain(err),
		tell: dialect.Error{
			Status: http.StatusBadGateway, Code: codeBroken,
			Message: fmt.Sprintf("instance %q broke off its answer (phase read%s): try again", a.target.instance.Name, reason(err)),
		},
	}
}

// redirected is the fault of a reply that sends the caller elsewhere, or to another protocol. It does not reach the
// client, whose library might follow it, with the request, past the gateway.
func (a *attempt) redirected() *fault {
	return &fault{
		class: providers.ClassProvider, phase: providers.PhaseHead, cause: statusError(a.reply.Status),
		tell: dialect.Error{
			Status: http.StatusBadGateway, Code: codeRedirect,
			Message: fmt.Sprintf("instance %q answered with status %d, which is no answer of its API: check its base_url", a.target.instance.Name, a.reply.Status),
		},
	}
}

// truncated is the fault of a stream that ended before its answer did.
func (a *attempt) truncated() *fault {
	return &fault{
		class: providers.ClassProvider, phase: phaseRead, cause: io.ErrUnexpectedEOF,
		tell: dialect.Error{
			Status: http.StatusBadGateway, Code: codeTruncated,
			Message: fmt.Sprintf("instance %q ended its stream before the answer was complete (phase read): try again", a.target.instance.Name),
		},
	}
}

// endFault judges why the attempt's context was cancelled; it returns nil if it was not.
func (a *attempt) endFault(cause error) *fault {
	name := a.target.instance.Name
	switch {
	case cause == nil:
		return nil
	case errors.Is(cause, errFirstByte):
		return &fault{
			class: providers.ClassProvider, phase: providers.PhaseFirstByte, cause: cause,
			tell: dialect.Error{
				Status: http.StatusGatewayTimeout, Code: codeTimeout,
				Message: fmt.Sprintf("instance %q did not begin to answer within %s (phase first_byte): try again, or raise the first-byte timeout", name, a.limits.firstByte),
			},
		}
	case errors.Is(cause, errIdle):
		return &fault{
			class: providers.ClassProvider, phase: phaseRead, cause: cause,
			tell: dialect.Error{
				Status: http.StatusGatewayTimeout, Code: codeTimeout,
				Message: fmt.Sprintf("instance %q fell silent for %s in the middle of its answer (phase read): try again, or raise the idle timeout", name, a.limits.idle),
			},
		}
	case errors.Is(cause, context.DeadlineExceeded):
		return &fault{
			class: providers.ClassCanceled, cause: cause,
			tell: dialect.Error{Status: http.StatusGatewayTimeout, Code: codeTimeout, Message: "the request took longer than the gateway allows"},
		}
	default:
		return &fault{
			class: providers.ClassCanceled, cause: cause,
			tell: dialect.Error{Status: statusClientClosed, Code: codeCanceled, Message: "the request was canceled"},
		}
	}
}

// statusError is the cause of a fault that an upstream's own answer tells of.
type statusError int

// Error names the status.
func (e statusError) Error() string { return "status " + strconv.Itoa(int(e)) }

func phaseOf(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e.Phase
	}
	return providers.PhaseFirstByte
}

// plain takes off what names the whole URL, which may hold credentials.
func plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// reason says in fixed words what happened to a connection, with ": " before it; it is empty where that is unclear.
// Error texts themselves hold addresses, which are none of the client's business.
func reason(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, upstream.ErrMalformed):
		return ": malformed answer"
	case errors.Is(err, upstream.ErrHeadTooLarge):
		return ": head of the answer too large"
	case errors.As(err, &dns) && dns.IsNotFound:
		return ": host name not found"
	case errors.As(err, &dns):
		return ": host name could not be resolved"
	case errors.As(err, &certificate):
		return ": certificate not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return ": connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ": connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return ": no route to the host"
	case errors.As(err, &timeout) && timeout.Timeout():
		return ": timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ": connection closed"
	default:
		return ""
	}
}
