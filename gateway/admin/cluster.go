package admin

import "net/http"

// clusterStatus answers with 200 whatever the state of the cluster: that is what it is asked for.
func (a *API) clusterStatus(w http.ResponseWriter, r *http.Request) error {
	setIndex(w, a.store.View().Index)
	return writeJSON(w, a.status(r.Context()))
}
