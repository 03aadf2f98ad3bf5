package manual

import (
	"slices"
	"strings"
)

// A kind says what a shell offers for a value.
type kind string

const (
	directory kind = "directories"
	file      kind = "files"
	program   kind = "programs"
	when      kind = "when"
	other     kind = "" // the user's to write
)

const whens = "auto always never" // of --color

// kindOf reads the name of a value, as the usage texts have it.
func kindOf(value string) kind {
	switch strings.Trim(value, "[]. ") {
	case "DIR":
		return directory
	case "FILE", "FILE.opam", "PACKAGE|RECORD|DIR":
		return file
	case "PROGRAM":
		return program
	case "WHEN":
		return when
	}
	return other
}

// withHelp adds what every command takes.
func withHelp(list []Option) []Option {
	return append(append([]Option{}, list...), Option{Names: []string{"--help", "-h"}, Usage: "show help"})
}

// valued are the names of the options that take a value.
func valued(list []Option) []string {
	var names []string
	for _, o := range list {
		if o.Value != "" {
			names = append(names, o.Names...)
		}
	}
	return names
}

// valuedOf are the names of all options that take a value of a kind.
func (m *Manual) valuedOf(k kind) []string {
	all := append(append([]Option{}, m.Global...), m.Common...)
	for _, c := range m.Commands {
		all = append(all, c.Options...)
	}
	var names []string
	for _, o := range all {
		if o.Value != "" && kindOf(o.Value) == k && !slices.Contains(names, o.Long()) {
			names = append(names, o.Names...)
		}
	}
	return names
}
