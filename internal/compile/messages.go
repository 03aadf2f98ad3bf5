package compile

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
)

// message is a line of cargo's --message-format=json.
type message struct {
	Reason       string   `json:"reason"`
	PackageID    string   `json:"package_id"`
	ManifestPath string   `json:"manifest_path"`
	Filenames    []string `json:"filenames"`
	Fresh        bool     `json:"fresh"`
	Features     []string `json:"features"`
	OutDir       string   `json:"out_dir"` // of a build script that was run, or was fresh
	LinkedPaths  []string `json:"linked_paths"`
	LinkedLibs   []string `json:"linked_libs"`
	Profile      struct {
		Debuginfo any `json:"debuginfo"`
	} `json:"profile"`
	Message struct {
		Level    string `json:"level"`
		Message  string `json:"message"`
		Rendered string `json:"rendered"`
	} `json:"message"`
}

// Rlib is a library that cargo built or found fresh.
type Rlib struct {
	Manifest string
	File     string
}

// Native is what a build script says of libraries that are not Rust's.
type Native struct {
	ID   string   // of its package
	Dirs []string // where they are looked for
	Libs []string // their names
}

// output collects what a cargo run said on standard output.
type output struct {
	archives   map[string]string   // static libraries of the generated crates, by manifest
	nativeLibs map[string][]string // what rustc says they need, as linker arguments
	rlibs      []Rlib
	packages   map[string]bool     // manifests of all packages that were compiled or fresh
	compiled   map[string]bool     // of those that this run compiled
	features   map[string][]string // by manifest: what a package was compiled with, for target or host
	said       bool                // show passed something on
	outDirs    []string            // of build scripts
	natives    []Native
	debug      map[string]bool // manifests of generated crates whose profile keeps debug information
	failed     []string        // manifests of the crates with an error, in order
	errors     []string        // rustc's errors, rendered
}

// readMessages reads cargo's messages to the end, also where it fails: cargo would wait
// for a reader. show gets every diagnostic with the manifest of its crate, and without one
// what procedural macros print between the messages. generated tells the crates that become
// archives.
func readMessages(r io.Reader, generated func(manifest string) bool, show func(manifest, level, rendered string) bool) (*output, error) {
	out := &output{
		archives: map[string]string{}, nativeLibs: map[string][]string{},
		packages: map[string]bool{}, compiled: map[string]bool{}, features: map[string][]string{}, debug: map[string]bool{},
	}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if m, ok := readMessage(line); ok {
			out.add(m, generated, show)
		} else if len(line) > 0 {
			out.said = show("", "", string(line)) || out.said
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("read cargo's output: %w", err)
		}
	}
}

// readMessage reads a line of cargo's; ok is false for one of a procedural macro, which
// may print anything, objects too.
func readMessage(line []byte) (m *message, ok bool) {
	if len(line) == 0 || line[0] != '{' {
		return nil, false
	}
	m = &message{}
	err := json.Unmarshal(line, m)
	return m, err == nil && m.Reason != ""
}

func (o *output) add(m *message, generated func(string) bool, show func(manifest, level, rendered string) bool) {
	switch m.Reason {
	case "compiler-message":
		if libs, note := cargo.NativeLibs(m.Message.Message); note {
			if libs != nil {
				o.nativeLibs[m.ManifestPath] = libs
			}
			return
		}
		if m.Message.Level == "error" {
			o.failed = append(o.failed, m.ManifestPath)
			o.errors = append(o.errors, m.Message.Rendered)
		}
		o.said = show(m.ManifestPath, m.Message.Level, m.Message.Rendered) || o.said
	case "build-script-executed":
		o.outDirs = append(o.outDirs, m.OutDir)
		o.natives = append(o.natives, native(m))
	case "compiler-artifact":
		if generated(m.ManifestPath) {
			o.debug[m.ManifestPath] = m.Profile.Debuginfo != nil && m.Profile.Debuginfo != 0.0 && m.Profile.Debuginfo != "none"
		}
		o.packages[m.ManifestPath] = true
		for _, f := range m.Features {
			if !slices.Contains(o.features[m.ManifestPath], f) {
				o.features[m.ManifestPath] = append(o.features[m.ManifestPath], f)
			}
		}
		sort.Strings(o.features[m.ManifestPath])
		if !m.Fresh {
			o.compiled[m.ManifestPath] = true
		}
		for _, f := range m.Filenames {
			switch {
			case generated(m.ManifestPath) && strings.HasSuffix(f, ".a"):
				o.archives[m.ManifestPath] = f
			case strings.HasSuffix(f, ".rlib"):
				o.rlibs = append(o.rlibs, Rlib{Manifest: m.ManifestPath, File: f})
			}
		}
	}
}

// native reads what a build script told cargo: KIND=DIR and KIND[:MODIFIERS]=NAME.
func native(m *message) Native {
	n := Native{ID: m.PackageID}
	for _, p := range m.LinkedPaths {
		kind, dir, ok := strings.Cut(p, "=")
		switch {
		case !ok:
			n.Dirs = append(n.Dirs, p)
		case kind == "native" || kind == "all":
			n.Dirs = append(n.Dirs, dir)
		}
	}
	for _, l := range m.LinkedLibs {
		if _, name, ok := strings.Cut(l, "="); ok {
			l = name
		}
		name, _, _ := strings.Cut(l, ":") // renamed
		n.Libs = append(n.Libs, name)
	}
	return n
}
