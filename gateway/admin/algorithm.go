package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aiproxy/fsm"
	"aiproxy/gateway/balance"
)

// setAlgorithm changes how the balancer of every node picks. The state machine keeps any name, so it is judged here.
func (a *API) setAlgorithm(w http.ResponseWriter, r *http.Request) error {
	var name *string
	if err := readFields(w, r, field{name: "algorithm", into: &name, kind: "a string"}); err != nil {
		return err
	}
	known := balance.Algorithms()
	switch {
	case name == nil:
		return badRequest("missing_required_parameter", "algorithm",
			"The request names no algorithm. Known are "+strings.Join(known, ", ")+".")
	case !slices.Contains(known, *name):
		return badRequest("unknown_algorithm", "algorithm",
			"There is no algorithm "+strconv.Quote(clip(*name))+". Known are "+strings.Join(known, ", ")+".")
	}
	return a.write(w, r, fsm.AlgorithmSet, fsm.AlgorithmChange{Algorithm: *name})
}
