package admin

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"aiproxy/fsm"
	"aiproxy/fsm/backup"
	"aiproxy/gateway/admin/document"
	"aiproxy/providers/dialect"
)

// BackupOrigin says where the backups that a node makes come from.
type BackupOrigin struct {
	// NodeID is the node's, Version that of its program.
	NodeID, Version string
	// SealKey names the cluster secret that a value is sealed with, and gives nothing of it away.
	SealKey func(fsm.Sealed) string
}

// backupEndpoints lists the routes that save the state and bring it back.
func (a *API) backupEndpoints() []Endpoint {
	if a.sealer == nil || a.origin.SealKey == nil {
		return nil
	}
	return []Endpoint{
		{Method: http.MethodGet, Path: "/cluster/backup", Serve: a.getBackup},
		{Method: http.MethodPost, Path: "/cluster/restore", Serve: a.restore},
	}
}

// getBackup answers with the state of this node as one file. It has a length, so that a client notices a cut.
func (a *API) getBackup(w http.ResponseWriter, r *http.Request) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	v := a.view(r)
	if v.ClusterID == "" {
		return notInitialised()
	}
	now := time.Now().UTC()
	origin := backup.Origin{Node: a.origin.NodeID, Version: a.origin.Version, SealKey: a.origin.SealKey(v.SealCheck), At: now}
	var file bytes.Buffer
	if err := backup.Write(&file, v, origin); err != nil {
		return err
	}
	a.logger.LogAttrs(r.Context(), slog.LevelInfo, "backup made",
		slog.Uint64("index", v.Index), slog.Uint64("revision", v.Revision), slog.Int("bytes", file.Len()))
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="aiproxy-`+now.Format("20060102T150405Z")+`.backup"`)
	h.Set("Content-Length", strconv.Itoa(file.Len()))
	h.Set("Cache-Control", "no-store")
	setIndex(w, v.Index)
	_, _ = w.Write(file.Bytes()) // A client that has left does not miss it.
	return nil
}

// restore makes the configuration that of a backup, in one command. The file is verified as a whole first. Who the
// cluster is stays: its ID, its members, its audit trail and its earlier revisions.
func (a *API) restore(w http.ResponseWriter, r *http.Request) error {
	saved, err := backup.Read(http.MaxBytesReader(w, r.Body, backup.MaxSize+1))
	if err != nil {
		return refusedBackup(err)
	}
	if err := a.checkSecrets(saved); err != nil {
		return err
	}
	return a.change(w, r, func(v *fsm.View) (plan, error) {
		held := current(v)
		wanted, err := document.Resolve(document.Of(saved.Configuration, saved.Header.Revision), held, a.sealer)
		if err != nil {
			return plan{}, err
		}
		return plan{
			kind: fsm.ConfigApply, payload: document.Change(held, wanted),
			diff: document.Diff(held, wanted, a.sealer),
		}, nil
	})
}

// checkSecrets refuses a backup of which this cluster could not use a secret.
func (a *API) checkSecrets(saved *backup.Backup) error {
	for i := range saved.Configuration.Instances {
		in := &saved.Configuration.Instances[i]
		if _, err := a.sealer.OpenAPIKey(in.APIKey); err != nil && len(in.APIKey) > 0 {
			return a.foreignSecret("the API key of instance "+in.Name, in.APIKey, err)
		}
	}
	for i := range saved.Configuration.ClientKeys {
		key := &saved.Configuration.ClientKeys[i]
		if _, err := a.sealer.OpenClientKey(key.Key); err != nil {
			return a.foreignSecret("the client key "+key.Name, key.Key, err)
		}
	}
	return nil
}

func (a *API) foreignSecret(what string, sealed fsm.Sealed, err error) error {
	return &dialect.Error{
		Status: http.StatusConflict, Type: "invalid_request_error", Code: "backup_sealed_with_another_secret",
		Message: fmt.Sprintf("Nothing was changed: this node can't open %s in the backup: %v. It is sealed with the cluster secret "+
			"that has the id %s. Restore it on nodes that have that secret: as --cluster-secret, or as --cluster-secret-previous "+
			"beside the present one.", what, err, a.origin.SealKey(sealed)),
	}
}

// refusedBackup says why a file is no backup to restore.
func refusedBackup(err error) error {
	told := &dialect.Error{
		Status: http.StatusBadRequest, Type: "invalid_request_error", Code: "backup_damaged",
		Message: "Nothing was changed: " + err.Error() + ".",
	}
	switch {
	case errors.Is(err, backup.ErrForeign):
		told.Code = "backup_foreign"
	case errors.Is(err, backup.ErrNewer):
		told.Code = "backup_newer"
	case errors.Is(err, backup.ErrTooLarge):
		told.Status, told.Code = http.StatusRequestEntityTooLarge, "request_too_large"
	case !errors.Is(err, backup.ErrDamaged):
		told.Code, told.Message = "incomplete_body", "Nothing was changed: the request body ended before it was complete."
	}
	return told
}
