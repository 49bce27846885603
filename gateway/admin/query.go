package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aiproxy/gateway/spelling"
)

// checkQuery refuses parameters that mean nothing here: a misspelt dry_run must not write. Those that every
// endpoint understands are known.
func checkQuery(r *http.Request, known ...string) error {
	for name := range r.URL.Query() {
		if name == "key" || name == paramConsistency || slices.Contains(known, name) {
			continue
		}
		message := "The parameter " + strconv.Quote(clip(name)) + " means nothing here."
		if near := spelling.Nearest(name, known); near != "" {
			message += " Did you mean " + near + "?"
		} else if len(known) > 0 {
			message += " Known are " + strings.Join(known, ", ") + "."
		}
		return badRequest("unknown_parameter", clip(name), message)
	}
	return nil
}

// dryRun tells whether the request only asks what it would do.
func dryRun(r *http.Request) (bool, error) {
	if err := checkQuery(r, "dry_run"); err != nil {
		return false, err
	}
	switch r.URL.Query().Get("dry_run") {
	case "":
		if r.URL.Query().Has("dry_run") {
			return true, nil
		}
		return false, nil
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, badRequest("invalid_value", "dry_run", "dry_run must be true or false.")
}
