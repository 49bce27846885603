package admin

import "context"

// Anonymous is the name of a caller who needed no key.
const Anonymous = "anonymous"

type callerKey struct{}

// WithCaller returns a context that says who makes a request: the name of the key presented, never the key.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// caller is the name that WithCaller has put into the context.
func caller(ctx context.Context) string {
	if name, ok := ctx.Value(callerKey{}).(string); ok {
		return name
	}
	return Anonymous
}
