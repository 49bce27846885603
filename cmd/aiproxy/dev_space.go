package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"aiproxy/store/seal"
)

const devFileName = "dev.json"

// devSpace is the directory of a development cluster and what must stay the same from one run to the next.
type devSpace struct {
	dir       string
	temporary bool
	apiKey    string
	// upstream is the simulated upstream's address: the nodes' replicated instances name it.
	upstream string
}

// devFile is devSpace on disk.
type devFile struct {
	APIKey   string `json:"api_key"`
	Upstream string `json:"upstream"`
}

// openDevSpace opens the directory, or makes a temporary one where none is named.
func openDevSpace(dir string) (*devSpace, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "aiproxy-dev-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary directory: %w", err)
		}
		return &devSpace{dir: dir, temporary: true, apiKey: newDevKey(), upstream: "127.0.0.1:0"}, nil
	}
	if err := os.MkdirAll(dir, devSpaceMode); err != nil {
		return nil, fmt.Errorf("make --data-dir: %w", err)
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	space := &devSpace{dir: absolute, apiKey: newDevKey(), upstream: "127.0.0.1:0"}
	raw, err := os.ReadFile(filepath.Join(absolute, devFileName))
	if errors.Is(err, fs.ErrNotExist) {
		return space, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read --data-dir: %w", err)
	}
	var kept devFile
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("%s in --data-dir is damaged: %w", devFileName, err)
	}
	space.apiKey, space.upstream = kept.APIKey, kept.Upstream
	return space, nil
}

func newDevKey() string { return "dev-" + seal.NewSecret()[:24] }

// keep writes down what the next run over the same directory needs.
func (s *devSpace) keep() error {
	if s.temporary {
		return nil
	}
	raw, err := json.Marshal(devFile{APIKey: s.apiKey, Upstream: s.upstream})
	if err != nil {
		return fmt.Errorf("encode %s: %w", devFileName, err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, devFileName), raw, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", devFileName, err)
	}
	return nil
}

func (s *devSpace) close() {
	if s.temporary {
		// What can't be removed is temporary all the same.
		_ = os.RemoveAll(s.dir)
	}
}
