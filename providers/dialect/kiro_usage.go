package dialect

import "strings"

// kiroUsage is what an answer tells of its tokens. Newer upstreams tell numbers; older ones only how full the context
// is, of which the input is estimated, and the output is estimated by its length.
type kiroUsage struct {
	// told tells that the upstream has reported anything at all.
	told  bool
	exact bool
	usage Usage
	// percent is how full the context is.
	percent float64
	written int
}

// wrote counts bytes of the answer.
func (u *kiroUsage) wrote(text []byte) { u.written += len(text) }

// context reads contextUsageEvent.
func (u *kiroUsage) context(v value) {
	if percent, ok := v.get("contextUsagePercentage").number(); ok && percent >= 0 && percent <= 1000 {
		u.told, u.percent = true, percent
	}
}

// metadata reads metadataEvent. Without tokens it names the conversation only.
func (u *kiroUsage) metadata(v value) {
	tokens := v.get("tokenUsage")
	if !tokens.isObject() {
		return
	}
	count := func(name string) int64 {
		n, _ := tokens.get(name).integer()
		return max(0, n)
	}
	read, written := count("cacheReadInputTokens"), count("cacheWriteInputTokens")
	u.usage = Usage{
		Input: count("uncachedInputTokens") + read + written, Output: count("outputTokens"),
		CachedInput: read, CacheWrite: written,
	}
	u.told, u.exact = true, true
}

// full tells whether the context has no room left.
func (u *kiroUsage) full() bool { return u.percent >= 100 }

// total is the usage, and whether there is one.
func (u *kiroUsage) total(x *Exchange) (Usage, bool) {
	if u.exact || !u.told {
		return u.usage, u.exact
	}
	return Usage{
		Input:  int64(u.percent / 100 * float64(kiroWindow(x.Target.Model))),
		Output: int64((u.written + estimateBytes - 1) / estimateBytes),
	}, true
}

// kiroWindow is the size of a model's context in tokens.
func kiroWindow(model string) int64 {
	g := anthropicVersion(model)
	if g.major > 0 && g.since4(6) && (strings.Contains(model, "opus") || strings.Contains(model, "sonnet")) {
		return 1_000_000
	}
	return 200_000
}
