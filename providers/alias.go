package providers

import "strings"

// Alias returns the name that the aliases have for a model, and whether they have one. An alias that ends in "*" stands
// for all names that begin so, the longest one that fits; where what it leads to ends in "*" too, the rest of the name
// takes its place. A name letter by letter comes before those. Aliases are not followed further.
func Alias(aliases map[string]string, model string) (string, bool) {
	if len(aliases) == 0 {
		return model, false
	}
	if to, ok := aliases[model]; ok && !strings.HasSuffix(model, "*") {
		return to, true
	}
	best, found := "", false
	for from := range aliases {
		prefix, open := strings.CutSuffix(from, "*")
		if open && strings.HasPrefix(model, prefix) && (!found || len(prefix) > len(best)) {
			best, found = prefix, true
		}
	}
	if !found {
		return model, false
	}
	to := aliases[best+"*"]
	if head, open := strings.CutSuffix(to, "*"); open {
		to = head + model[len(best):]
	}
	return to, true
}

// UpstreamModel is the name by which the instance's upstream knows a model.
func (in *Instance) UpstreamModel(model string) string {
	to, _ := Alias(in.ModelAliases, model)
	return to
}
