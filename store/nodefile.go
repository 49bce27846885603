package store

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dataFormat is the version of the data directory's layout.
const dataFormat = 1

const nodeFileName = "node.json"

// nodeFile says whose data directory this is. It is written before anything is stored, and replaced atomically.
type nodeFile struct {
	Format int    `json:"format"`
	NodeID string `json:"node_id"`
	// InstanceID is minted with the directory: a node that lost its disk comes back with another one.
	InstanceID string `json:"instance_id"`
	// ClusterID is empty until the node has started or joined a cluster.
	ClusterID string `json:"cluster_id,omitempty"`
	// Founding tells that this node has minted ClusterID and not yet started Raft with it. Without it, a node that has
	// a cluster but no Raft state has lost that state, and must not start the cluster a second time.
	Founding bool `json:"founding,omitempty"`
	// Removed tells that the cluster has removed this node. Its log may lack what the cluster did since, so it takes part
	// in nothing any more.
	Removed bool `json:"removed,omitempty"`
	// Recovering names the directory beside it that keeps the files as they were, while a recovery rewrites them.
	Recovering string `json:"recovering,omitempty"`
	// Pledge is what the node has promised to the nodes that it starts a cluster with.
	Pledge pledge `json:"pledge,omitzero"`
}

// settled is the node file as it has to be for this start. existing tells whether there is Raft state; seeds whether
// there are other nodes to join. A node without the state that its file speaks of starts over as another instance,
// because it may have voted and acknowledged what it does not remember. It remembers that there was a cluster, and
// founds no other.
func (n nodeFile) settled(dir string, existing, seeds bool) (nodeFile, error) {
	switch {
	case existing && n.Removed:
		return n, errors.New(n.removedText(" " + dir))
	case existing:
		n.Founding = false // The last run ended just after its bootstrap, if it was true.
	case n.ClusterID == "":
	case seeds:
		was := n
		n = nodeFile{Format: dataFormat, NodeID: n.NodeID, InstanceID: newID()}
		if !was.Founding {
			n.Pledge.ClusterID = was.ClusterID
		}
	case !n.Founding:
		return n, fmt.Errorf("data directory %s is of a node of cluster %s, but its Raft state is gone (%s): restore it, or "+
			"let the node join anew with --seed-nodes, or move the directory away to start a new cluster",
			dir, n.ClusterID, raftFileName)
	}
	return n, nil
}

// NodeIDOf returns the node ID that the data directory belongs to, or "" if it is new.
func NodeIDOf(dir string) (string, error) {
	n, err := readNodeFile(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return n.NodeID, err
}

func readNodeFile(dir string) (nodeFile, error) {
	path := filepath.Join(dir, nodeFileName)
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nodeFile{}, fmt.Errorf("read node file: %w", err)
	case err != nil:
		return nodeFile{}, fmt.Errorf("read node file: %s: %w", adviceOf(err), err)
	}
	var n nodeFile
	if err := json.Unmarshal(raw, &n); err != nil || n.Format < 1 || n.NodeID == "" || n.InstanceID == "" {
		return nodeFile{}, fmt.Errorf("node file %s is damaged: restore it from a backup of the directory, or move the "+
			"directory away and let the node join anew", path)
	}
	if n.Format > dataFormat {
		return nodeFile{}, fmt.Errorf("data directory %s has format %d, this version of aiproxy reads up to %d: "+
			"start it with a newer version", dir, n.Format, dataFormat)
	}
	return n, nil
}

// openNodeFile reads the directory's node file or makes one, and refuses a directory of another node.
func openNodeFile(dir, nodeID string) (nodeFile, error) {
	if err := PrepareDir(dir); err != nil {
		return nodeFile{}, err
	}
	n, err := readNodeFile(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := refuseOrphans(dir); err != nil {
			return nodeFile{}, err
		}
		n = nodeFile{Format: dataFormat, NodeID: nodeID, InstanceID: newID()}
		return n, n.write(dir)
	case err != nil:
		return nodeFile{}, err
	case n.Recovering != "":
		return nodeFile{}, fmt.Errorf("data directory %s: a recovery was interrupted: run `aiproxy cluster recover` again; the files "+
			"as they were are in %s", dir, filepath.Join(dir, n.Recovering))
	case n.NodeID != nodeID:
		return nodeFile{}, fmt.Errorf("data directory %s belongs to node %q, not %q: use --node-id %s or another --data-dir",
			dir, n.NodeID, nodeID, n.NodeID)
	}
	return n, nil
}

// refuseOrphans keeps a node from starting as a new one over the state of an old one.
func refuseOrphans(dir string) error {
	for _, name := range []string{mirrorFileName, raftFileName, snapshotsDirName} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("data directory %s holds %s but no %s: restore %s, or move the directory away and let the "+
				"node join anew", dir, name, nodeFileName, nodeFileName)
		}
	}
	return nil
}

// write replaces the node file so that a crash leaves the old one or the new one, whole.
func (n nodeFile) write(dir string) error {
	raw, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return fmt.Errorf("encode node file: %w", err)
	}
	temporary := filepath.Join(dir, nodeFileName+".tmp")
	if err := writeSynced(temporary, append(raw, '\n')); err != nil {
		return fmt.Errorf("write node file: %w", err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, nodeFileName)); err != nil {
		return fmt.Errorf("replace node file: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync data directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync data directory: %w", err)
	}
	return nil
}

// newID mints a random 128-bit identifier.
func newID() string {
	raw := make([]byte, 16)
	rand.Read(raw) // Never fails: crypto/rand crashes the program instead (since Go 1.24).
	return hex.EncodeToString(raw)
}
