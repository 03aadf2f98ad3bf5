package synth

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
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
	Target       struct {
		Name string   `json:"name"`
		Kind []string `json:"kind"`
	} `json:"target"`
	Message struct {
		Level    string `json:"level"`
		Message  string `json:"message"`
		Rendered string `json:"rendered"`
	} `json:"message"`
}

// artifact is a library that cargo built or found fresh.
type artifact struct {
	manifest string
	crate    string
	rlib     string
}

// output collects what a cargo run said on standard output.
type output struct {
	archives   map[string]string   // static libraries of the generated crates, by manifest
	nativeLibs map[string][]string // what rustc says they need, as linker arguments
	artifacts  []artifact
	packages   map[string]bool     // manifests of all packages that were compiled or fresh
	compiled   map[string]bool     // of those that this run compiled
	features   map[string][]string // by manifest: what a package was compiled with, for target or host
	said       bool                // show passed something on
	outDirs    []string            // of build scripts
	scripts    []string            // what they printed
	variables  []RecordedVariable  // that they asked for
	failed     []string            // manifests of the crates with an error, in order
	errors     []string            // rustc's errors, rendered
}

// readMessages reads cargo's messages to the end; show gets every diagnostic with
// the manifest of its crate. generated tells the crates that become archives.
func readMessages(r io.Reader, generated func(manifest string) bool, show func(manifest, level, rendered string) bool) (*output, error) {
	out := &output{archives: map[string]string{}, nativeLibs: map[string][]string{}, packages: map[string]bool{}, compiled: map[string]bool{}, features: map[string][]string{}}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 && line[0] == '{' {
			var m message
			if err := json.Unmarshal(line, &m); err != nil {
				return nil, fmt.Errorf("read a message of cargo: %w", err)
			}
			out.add(&m, generated, show)
		} else if len(line) > 0 {
			out.said = show("", "", string(line)) || out.said
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read cargo's output: %w", err)
		}
	}
}

// scriptOutputs reads what build scripts printed. Where a cargo keeps it elsewhere, there
// is none.
func scriptOutputs(outDirs []string) []string {
	texts := make([]string, 0, len(outDirs))
	for _, dir := range outDirs {
		if text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "output")); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts
}

const nativeLibsNote = "native-static-libs: "

func (o *output) add(m *message, generated func(string) bool, show func(manifest, level, rendered string) bool) {
	switch m.Reason {
	case "compiler-message":
		if libs, ok := strings.CutPrefix(m.Message.Message, nativeLibsNote); ok {
			o.nativeLibs[m.ManifestPath] = strings.Fields(libs)
			return
		}
		if strings.HasPrefix(strings.ToLower(m.Message.Message), "link against the following native artifacts") {
			return // belongs to the note above, in older releases of rustc
		}
		if m.Message.Level == "error" {
			o.failed = append(o.failed, m.ManifestPath)
			o.errors = append(o.errors, m.Message.Rendered)
		}
		o.said = show(m.ManifestPath, m.Message.Level, m.Message.Rendered) || o.said
	case "build-script-executed":
		o.outDirs = append(o.outDirs, m.OutDir)
	case "compiler-artifact":
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
				o.artifacts = append(o.artifacts, artifact{manifest: m.ManifestPath, crate: m.Target.Name, rlib: f})
			}
		}
	}
}
