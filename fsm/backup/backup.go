// Package backup is the file that a cluster's state is saved in: a line with the format, a line of JSON that tells what
// it is, the state as in a snapshot, and a SHA-256 of everything before it.
//
// It owns the form of the file and its verification as a whole. It must not talk to a cluster, decide what a restore
// changes, or hold a secret in plaintext: the state has sealed ones only.
//
// Concurrency: nothing here keeps state, so everything may be used by any number of goroutines.
package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"aiproxy/fsm"
)

const (
	// magic begins the first line, format ends it.
	magic  = "aiproxy-backup "
	format = "1"
	// trailerMark begins the last line, which ends in the SHA-256 of everything before it.
	trailerMark = "sha256 "
	trailerSize = len(trailerMark) + 2*sha256.Size + 1
	// MaxSize bounds a backup in bytes. One of 10,000 instances has some 4 MB, and 8 MB more for revisions.
	MaxSize = 64 << 20
)

// What is wrong with a file. Errors wrap them.
var (
	// ErrForeign means that the file is no backup of aiproxy.
	ErrForeign = errors.New("this is not a backup of aiproxy")
	// ErrDamaged means that the file was a backup, and was cut or changed.
	ErrDamaged = errors.New("the backup is damaged")
	// ErrNewer means that a newer version of aiproxy made the file.
	ErrNewer = errors.New("the backup was made by a newer version of aiproxy: use that version")
	// ErrTooLarge means that the file exceeds MaxSize.
	ErrTooLarge = fmt.Errorf("the file is larger than %d MiB, which no backup is", MaxSize>>20)
)

// Header tells what a backup is. None of it is secret.
type Header struct {
	ClusterID string `json:"cluster_id"`
	// Revision is the configuration's, Index that of the last log entry in the state.
	Revision     uint64    `json:"revision"`
	Index        uint64    `json:"index"`
	FeatureLevel int       `json:"feature_level"`
	CreatedAt    time.Time `json:"created_at"`
	// Node is the ID of the node that made the backup, Version that of its program.
	Node    string `json:"node"`
	Version string `json:"version"`
	// SealKey names the cluster secret that the secrets are sealed with, and gives nothing of it away.
	SealKey string `json:"seal_key"`
	// Instances and ClientKeys count what the state holds.
	Instances  int `json:"instances"`
	ClientKeys int `json:"client_keys"`
}

// Backup is a verified backup.
type Backup struct {
	Header Header
	// Configuration is what a restore brings back. Members, audit trail and earlier revisions stay with their cluster.
	Configuration fsm.Configuration
}

// Origin says where and when a backup is made.
type Origin struct {
	Node, Version, SealKey string
	At                     time.Time
}

// Write writes a backup of v.
func Write(w io.Writer, v *fsm.View, o Origin) error {
	sum := sha256.New()
	body := io.MultiWriter(w, sum)
	header, err := json.Marshal(Header{
		ClusterID: v.ClusterID, Revision: v.Revision, Index: v.Index, FeatureLevel: v.FeatureLevel, CreatedAt: o.At.UTC(),
		Node: o.Node, Version: o.Version, SealKey: o.SealKey, Instances: len(v.Instances), ClientKeys: len(v.ClientKeys),
	})
	if err != nil {
		return fmt.Errorf("encode backup's header: %w", err)
	}
	if _, err := fmt.Fprintf(body, "%s%s\n%s\n", magic, format, header); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := fsm.WriteState(body, v); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%x\n", trailerMark, sum.Sum(nil)); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// Read reads a backup and verifies it as a whole: form, checksum, and that this version understands the state. Its
// errors wrap ErrForeign, ErrDamaged, ErrNewer and ErrTooLarge and are fit for an operator.
func Read(r io.Reader) (*Backup, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read backup: %w", err)
	}
	if len(raw) > MaxSize {
		return nil, ErrTooLarge
	}
	first, rest, _ := bytes.Cut(raw, []byte("\n"))
	version, ok := bytes.CutPrefix(first, []byte(magic))
	switch {
	case !ok:
		return nil, ErrForeign
	case string(version) != format:
		return nil, fmt.Errorf("%w: its format is %.20q, this version reads %s", ErrNewer, version, format)
	case len(rest) < trailerSize:
		return nil, fmt.Errorf("%w: it ends too early", ErrDamaged)
	}
	sum := sha256.Sum256(raw[:len(raw)-trailerSize])
	if string(raw[len(raw)-trailerSize:]) != trailerMark+hex.EncodeToString(sum[:])+"\n" {
		return nil, fmt.Errorf("%w: its checksum does not match, it was cut or changed", ErrDamaged)
	}
	return parse(rest[:len(rest)-trailerSize])
}

// parse reads header and state of a backup whose checksum holds.
func parse(raw []byte) (*Backup, error) {
	line, state, _ := bytes.Cut(raw, []byte("\n"))
	var h Header
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, fmt.Errorf("%w: its header can't be read", ErrDamaged)
	}
	if h.FeatureLevel > fsm.FeatureLevel {
		return nil, fmt.Errorf("%w: its feature level is %d, this version has %d", ErrNewer, h.FeatureLevel, fsm.FeatureLevel)
	}
	view, err := fsm.ReadState(bytes.NewReader(state))
	switch {
	case errors.Is(err, fsm.ErrFeatureLevel), errors.Is(err, fsm.ErrSnapshotForeign):
		return nil, fmt.Errorf("%w: %w", ErrNewer, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case view.ClusterID != h.ClusterID || view.Revision != h.Revision || view.Index != h.Index || view.ClusterID == "":
		return nil, fmt.Errorf("%w: its header is not that of its state", ErrDamaged)
	}
	return &Backup{
		Header:        h,
		Configuration: fsm.Configuration{Settings: view.Settings, Instances: view.Instances, ClientKeys: view.ClientKeys},
	}, nil
}
