package admin

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"aiproxy/fsm"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers/dialect"
)

// maxConfigSize bounds a whole configuration in bytes. One of 10,000 instances has some 4 MB.
const maxConfigSize = 16 << 20

// configEndpoints lists the routes of the configuration as a whole.
func (a *API) configEndpoints() []Endpoint {
	if a.sealer == nil {
		return nil
	}
	return []Endpoint{
		{Method: http.MethodGet, Path: "/config", Serve: a.getConfig},
		{Method: http.MethodPut, Path: "/config", Serve: a.putConfig},
		{Method: http.MethodGet, Path: "/config/revisions", Serve: a.listRevisions},
		{Method: http.MethodGet, Path: "/config/revisions/{revision}", Serve: a.showRevision},
		{Method: http.MethodPost, Path: "/config/rollback", Serve: a.rollback},
		{Method: http.MethodGet, Path: "/audit", Serve: a.listAudit},
	}
}

// getConfig tells the whole configuration, with its secrets sealed.
func (a *API) getConfig(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	v := a.view(r)
	w.Header().Set("ETag", etag(v.Revision))
	return writeDocument(w, r, documentOf(current(v), v.Revision))
}

// current is the configuration in force.
func current(v *fsm.View) fsm.Configuration {
	return fsm.Configuration{Settings: v.Settings, Instances: v.Instances, ClientKeys: v.ClientKeys}
}

// documentOf is the document of a configuration. No URL that was ever accepted holds a secret; should one, it is masked.
func documentOf(c fsm.Configuration, revision uint64) document.Document {
	d := document.Of(c, revision)
	for i := range d.Instances {
		d.Instances[i].BaseURL = maskURL(d.Instances[i].BaseURL)
	}
	return d
}

// writeDocument answers with the document in the form that the client prefers.
func writeDocument(w http.ResponseWriter, r *http.Request, d document.Document) error {
	kind, encode := "application/json", d.JSON
	w.Header().Add("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "yaml") {
		kind, encode = "application/yaml", d.YAML
	}
	body, err := encode()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // A client that has left does not miss it.
	return nil
}

// putConfig makes the whole configuration what the request says, in one command.
func (a *API) putConfig(w http.ResponseWriter, r *http.Request) error {
	text, err := readText(w, r)
	if err != nil {
		return err
	}
	return a.change(w, r, func(v *fsm.View) (plan, error) {
		held := current(v)
		d, err := document.Parse(text, a.rules.Allowing(held))
		if err != nil {
			return plan{}, err
		}
		wanted, err := document.Resolve(d, held, a.sealer)
		if err != nil {
			return plan{}, err
		}
		return plan{
			kind: fsm.ConfigApply, payload: document.Change(held, wanted),
			diff: document.Diff(held, wanted, a.sealer),
		}, nil
	})
}

func readText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxConfigSize))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &dialect.Error{
			Status:  http.StatusRequestEntityTooLarge,
			Type:    "invalid_request_error",
			Code:    "request_too_large",
			Message: "The configuration is larger than " + strconv.Itoa(maxConfigSize>>20) + " MiB.",
		}
	}
	if err != nil {
		return nil, badRequest("incomplete_body", "", "The request body ended before it was complete.")
	}
	return text, nil
}
