package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// largestFile bounds a configuration file in bytes: a larger one is some other file.
const largestFile = 1 << 20

// fileFacts are what later checks need to know of the file as such.
type fileFacts struct {
	mode fs.FileMode
	// secrets tells that a secret is written out in the file, rather than referred to.
	secrets bool
}

// fromFile applies the file at path, if there is one.
func (l *loader) fromFile(path string) {
	if path == "" {
		return
	}
	src := Source{Origin: FromFile, Name: path}
	content, mode, err := readFile(path)
	if err != nil {
		var inner *fs.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		l.fault(src, "", "cannot read the configuration file: "+err.Error(), "check "+l.config.sources["config"].String())
		return
	}
	l.file.mode = mode
	root, err := parseYAML(content)
	if err != nil {
		src.Line, err = yamlLine(err)
		l.fault(src, "", "not valid YAML: "+err.Error(), "correct the syntax")
		return
	}
	if root != nil {
		l.topLevel(root)
	}
}

func readFile(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	content, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(content) > largestFile {
		err = errors.New("it is larger than 1 MiB")
	}
	return content, info.Mode(), err
}

// parseYAML returns the root of the one document in content, nil when it is empty.
func parseYAML(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(protectReferences(content)))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // an empty file is no fault and holds no node
		}
		return nil, err
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, errors.New("the file holds more than one document")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(first.Content) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return first.Content[0], nil
}

var (
	yamlPlace  = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	yamlQuoted = regexp.MustCompile("'[^']*'|`[^`]*`")
)

// yamlLine takes a YAML error apart into line and message. What the message quotes is left out: it may be a part of
// a secret.
func yamlLine(err error) (int, error) {
	message := err.Error()
	line := 0
	if m := yamlPlace.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	return line, errors.New(yamlQuoted.ReplaceAllString(message, "…"))
}
