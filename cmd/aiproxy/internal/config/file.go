package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// largestFile bounds a configuration file in bytes: a larger one is some other file. 10,000 instances are some 2 MiB.
const largestFile = 8 << 20

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
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
		l.fault(src, "", "cannot read the configuration file: "+err.Error(), "check "+l.config.sources["config"].String())
		return
	}
	l.file.mode = mode
	root, err := parseYAML(content)
	if err != nil {
		src.Line = syntaxLine(content)
		problem, remedy := describeSyntax(err)
		l.fault(src, "", "not valid YAML: "+problem, remedy)
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
		err = errors.New("it is larger than 8 MiB")
	}
	return content, info.Mode(), err
}
