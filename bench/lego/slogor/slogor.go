// Package slogor stands in for the module of this name, as far as lego uses it: it logs as Go's own log/slog does.
package slogor

import (
	"io"
	"log/slog"
)

type OptionFn func(*slog.HandlerOptions)

func SetLevel(level slog.Leveler) OptionFn {
	return func(options *slog.HandlerOptions) { options.Level = level }
}

func SetTimeFormat(string) OptionFn { return func(*slog.HandlerOptions) {} }

func DisableColor() OptionFn { return func(*slog.HandlerOptions) {} }

func NewHandler(out io.Writer, options ...OptionFn) slog.Handler {
	all := &slog.HandlerOptions{}
	for _, set := range options {
		set(all)
	}
	return slog.NewTextHandler(out, all)
}
