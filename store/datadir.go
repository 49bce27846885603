package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"aiproxy/fsm"
)

// PrepareDir makes the data directory, with mode 0700, where there is none, and makes sure that this process can write
// to it. Its error says what to do.
func PrepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data directory %s: %s: %w", dir, adviceOf(err), err)
	}
	probe := filepath.Join(dir, ".writable")
	f, err := os.OpenFile(probe, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(probe))
	}
	if err != nil {
		return fmt.Errorf("write to data directory %s: %s: %w", dir, adviceOf(err), err)
	}
	return checkKinds(dir)
}

// checkKinds makes sure that what is there is a file where it should be one, and a directory where it should be that.
func checkKinds(dir string) error {
	for _, name := range []string{nodeFileName, raftFileName, mirrorFileName, snapshotsDirName} {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		switch {
		case err != nil:
			// Missing, or to be told when it is opened.
		case name == snapshotsDirName && !info.IsDir():
			return fmt.Errorf("%s is a file, and must be a directory: move it away, or restore the data directory from a copy", path)
		case name != snapshotsDirName && !info.Mode().IsRegular():
			return fmt.Errorf("%s must be a file, and is none: move it away, or restore the data directory from a copy", path)
		}
	}
	return nil
}

// adviceOf says what to do about a file or directory that can't be opened or made.
func adviceOf(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("the directory and all in it must belong to the user that runs aiproxy (now uid %d): change its owner, "+
			"or use another --data-dir", os.Getuid())
	case errors.Is(err, syscall.EROFS):
		return "the file system is read-only: mount it writable, or use another --data-dir"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return "there is a file where a directory should be, or the reverse: move it away, or use another --data-dir"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full: free space"
	default:
		return "look at the disk and the system's log"
	}
}

// explainOpen tells the operator what to do about a database that does not open.
func explainOpen(path string, err error) error {
	var onDisk *fs.PathError
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%s is in use: another aiproxy runs on this data directory, stop it or use another --data-dir: %w", path, err)
	case errors.As(err, &onDisk):
		return fmt.Errorf("%s can't be opened: %s: %w", path, adviceOf(err), err)
	default:
		return damaged(path, err)
	}
}

// explainMirror tells the operator what to do about a state mirror that does not open. A damaged one never comes here.
func explainMirror(path string, err error) error {
	var onDisk *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fsm.ErrFeatureLevel):
		return explainFault(err)
	case errors.Is(err, fsm.ErrMirrorForeign):
		return fmt.Errorf("%s was not written by this version of aiproxy: if a newer one has run here, start that; else remove the "+
			"file, the log rebuilds it: %w", path, err)
	case errors.As(err, &onDisk):
		return fmt.Errorf("open state mirror: %s: %w", adviceOf(err), err)
	default:
		return fmt.Errorf("open state mirror: %w", err)
	}
}
