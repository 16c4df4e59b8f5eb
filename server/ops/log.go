package ops

import (
	"io"
	"log/slog"
)

// LogFormat is how the log is written.
type LogFormat string

// The formats: one line of key=value for people, or one of JSON for programs.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// NewLogger returns a logger that writes to w. Whoever logs keeps to it: static
// messages, no personal data, no ids of persons.
func NewLogger(w io.Writer, format LogFormat) *slog.Logger {
	if format == LogJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
