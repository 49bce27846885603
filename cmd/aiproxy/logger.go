package main

import (
	"io"
	"log/slog"

	"aiproxy/cmd/aiproxy/internal/config"
)

// newLogger makes the process's logger. The configuration has been validated.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	// Config admits only the names that slog knows.
	_ = level.UnmarshalText([]byte(c.Level))
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
