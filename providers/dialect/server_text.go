package dialect

import "strings"

// ServerText says in words what a tool of an upstream's has done, for upstreams that know no such parts in a history.
func ServerText(p *Part) string {
	var b strings.Builder
	switch {
	case p.ServerCall != nil:
		c := p.ServerCall
		b.WriteString("[" + string(c.Tool) + "]")
		for _, text := range []string{c.Query, c.URL, c.Code} {
			if text != "" {
				b.WriteString("\n" + text)
			}
		}
	case p.ServerResult != nil:
		r := p.ServerResult
		b.WriteString("[" + string(r.Tool) + " result]")
		if r.Failure != "" {
			b.WriteString("\nfailed: " + r.Failure)
		}
		for i := range r.Sources {
			s := &r.Sources[i]
			b.WriteString("\n" + strings.TrimSpace(s.Title+" "+s.URL))
			if s.Snippet != "" {
				b.WriteString("\n" + s.Snippet)
			}
		}
		for i := range r.Outputs {
			b.WriteString("\n" + r.Outputs[i].Logs)
		}
	}
	return b.String()
}
