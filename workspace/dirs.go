// Package workspace is the second step of the pipeline, after discovery (package
// bindings) and before the resolution (internal/resolve): the plan of the one Cargo
// workspace W that a program's archives are built from ([Make], [New]), which says what the
// umbrella crate links and which path crates of several bindings are one, and the code that
// writes it ([Plan.Write]): manifests, and staged copies of the trees. The places in W are
// [Dirs]. It never resolves and never builds; a plan is a value.
package workspace

import (
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Dirs are the places of one workspace. All of W is the tool's own.
type Dirs struct {
	W       string // <build>/.opam-cargo, or a directory below it
	Top     string // <build>/.opam-cargo
	Context string // dune context; "" and "default" are the same
}

// Of returns the places for a root and its dune context. They are in dune's build
// directory, since the sources may be read-only; of a project further down in the dune
// workspace in a directory of its own there.
func Of(r *bindings.Root) Dirs {
	build, below := r.BuildDir()
	top := filepath.Join(build, ".opam-cargo")
	w := top
	if below != "." {
		name := strings.NewReplacer("+", "++", string(filepath.Separator), "+").Replace(below)
		w = filepath.Join(w, "at", name)
	}
	return Dirs{W: w, Top: top, Context: r.Context}
}

// Manifest is the umbrella crate's Cargo.toml.
func (d Dirs) Manifest() string { return filepath.Join(d.W, "Cargo.toml") }

// Each holds the crates of [Plan.ArchiveEach].
func (d Dirs) Each() string { return filepath.Join(d.W, "each") }

// Generated tells whether a manifest is one of the crates that the tool makes: the
// umbrella crate, or one below [Dirs.Each].
func (d Dirs) Generated(manifest string) bool {
	return manifest == d.Manifest() || strings.HasPrefix(manifest, d.Each()+string(filepath.Separator))
}

// BindingOf is the opam package whose staged tree has a file; empty where none has.
func (d Dirs) BindingOf(file string) string {
	rel, ok := tree.Below(d.Bindings(), file)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	return name
}

// Lock is the one Cargo.lock.
func (d Dirs) Lock() string { return filepath.Join(d.W, "Cargo.lock") }

// Config is the cargo configuration that cargo is run with.
func (d Dirs) Config() string { return filepath.Join(d.W, "config.toml") }

// Bindings holds the staged trees, one directory a package.
func (d Dirs) Bindings() string { return filepath.Join(d.W, "bindings") }

// Crates is the directory source of registry crates.
func (d Dirs) Crates() string { return filepath.Join(d.W, "crates") }

// Source is the directory source that stands for a source, as a lock names it.
func (d Dirs) Source(source string) string {
	if source == "" {
		return d.Crates()
	}
	return filepath.Join(d.W, "sources", tree.BytesSum([]byte(source))[:16])
}

// Home is cargo's CARGO_HOME.
func (d Dirs) Home() string { return filepath.Join(d.W, "cargo-home") }

// Cache holds what can be made anew: layouts of trees, the last resolution.
func (d Dirs) Cache() string { return filepath.Join(d.W, "cache") }

// Tools holds the programs that are run in place of the compilers.
func (d Dirs) Tools() string { return filepath.Join(d.W, "tools") }

// Plan is the whole decision, as JSON.
func (d Dirs) Plan() string { return filepath.Join(d.W, "plan.json") }

// Target is cargo's target directory, a separate one for each dune context.
func (d Dirs) Target() string { return filepath.Join(d.W, "target"+d.suffix()) }

// Out holds what the last build handed over, for each dune context.
func (d Dirs) Out() string { return filepath.Join(d.W, "out"+d.suffix()) }

// Compiled is what the last build left of compiled crates for the switch to keep.
func (d Dirs) Compiled() string { return filepath.Join(d.Out(), "compiled.json") }

// Dll holds the shared libraries with which bytecode is run, for each dune context.
func (d Dirs) Dll() string { return filepath.Join(d.W, "dll"+d.suffix()) }

func (d Dirs) suffix() string {
	if d.Context == "" || d.Context == "default" {
		return ""
	}
	return "." + d.Context
}
