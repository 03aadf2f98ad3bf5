package reproduce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/object"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Difference is something that the record has in one way and this machine in another.
type Difference struct{ What, Recorded, Here string }

// Table shows differences, a line each.
func Table(list []Difference) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "WHAT\tRECORDED\tHERE\n")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", cell(d.What), cell(d.Recorded), cell(d.Here))
	}
	_ = w.Flush() // into memory
	return b.String()
}

// cell is text that stays in its column.
func cell(text string) string { return strings.ReplaceAll(term.Line(text), "\t", " ") }

// With is what a subject is made again with.
type With struct {
	Toolchain toolchain.Wanted
	Self      string // our own executable
	Version   string // our own version
	Trust     bool   // build from a record of elsewhere although nothing can be hidden from it
}

// here is the toolchain that a build would have, and what it would have of the variables
// that a record names.
func (w With) here(ctx context.Context, asked []compile.Variable) (v toolchain.Versions, here []compile.Variable, err error) {
	err = w.Toolchain.InScratch(ctx, func(c *cargo.Cargo, _ string) error {
		here = compile.Here(c, w.Toolchain.Getenv, asked)
		v, err = toolchain.Begin(ctx, c, w.Toolchain.Getenv).Get()
		return err
	})
	return v, here, err
}

// Differences compares the record with the switch, the sources and the toolchain that
// are here: what differs, and which trees are not here at all.
func (s *Subject) Differences(ctx context.Context, with With) (list []Difference, missing error) {
	differ := func(what, recorded, here string) {
		if recorded != here {
			list = append(list, Difference{what, orNone(recorded), orNone(here)})
		}
	}
	rec := s.Record
	here, variables, err := with.here(ctx, rec.Variables)
	if err != nil {
		return nil, err
	}
	differ("tool", rec.Tool, "opam-cargo "+with.Version)
	differ("cargo", rec.Toolchain.Cargo, here.Cargo)
	differ("rustc", rec.Toolchain.Rustc+" "+rec.Toolchain.Commit, here.Rustc+" "+here.Commit)
	differ("host", rec.Toolchain.Host, here.Host)
	differ("C compiler", rec.Toolchain.CC, here.CC)
	differ("OCaml", rec.Toolchain.OCaml, here.OCaml)
	for _, a := range rec.Archives[:min(1, len(rec.Archives))] {
		if !a.Kind.Object {
			continue
		}
		target := rec.Target
		if target == here.Host {
			target = ""
		}
		linkers, objcopies := object.Tools{Getenv: with.Toolchain.Getenv, Target: target}.Versions(ctx)
		differ("linker", a.Kind.Linker, sameOrFirst(a.Kind.Linker, linkers))
		differ("objcopy", a.Kind.Objcopy, sameOrFirst(a.Kind.Objcopy, objcopies))
	}
	for i, v := range rec.Variables {
		differ("variable "+v.Name, short(v.SHA256), short(variables[i].SHA256))
	}
	var problems []error
	var sw *bindings.Switch
	if s.Prefix != "" {
		if sw, err = bindings.ReadSwitch(s.Prefix); err != nil {
			return nil, err
		}
	}
	for _, b := range rec.Bindings {
		found, ok := s.treeOf(b)
		if !ok {
			problems = append(problems, s.missingTree(b))
			continue
		}
		t, err := bindings.ReadTree(found)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if b.Dir == "" && sw != nil {
			differ("binding "+b.Package, b.Version, sw.Versions[b.Package])
		}
		differ("tree of "+b.Package, short(b.Tree), short(t.Hash))
	}
	for _, p := range rec.Patches {
		found := bindings.Binding{Package: p.Dir, Dir: filepath.Join(s.Sources, filepath.FromSlash(p.Dir)), Shown: p.Dir, Origin: bindings.InTree}
		t, err := bindings.ReadTree(found)
		if s.Sources == "" || err != nil {
			problems = append(problems, s.missingTree(record.Binding{Package: p.Dir, Dir: p.Dir}))
			continue
		}
		differ("tree of "+p.Dir, short(p.Tree), short(t.Hash))
	}
	return list, errors.Join(problems...)
}

// sameOrFirst is the wanted version if it is among those here, else the first of them.
func sameOrFirst(wanted string, here []string) string {
	switch {
	case slices.Contains(here, wanted):
		return wanted
	case len(here) == 0:
		return ""
	}
	return here[0]
}

func (s *Subject) missingTree(b record.Binding) error {
	e := problem.New(problem.Resolve, "the tree of %s, which was built, is not here", strings.TrimSpace(b.Package+" "+b.Version)).In(s.Name)
	if b.Dir == "" {
		return e.Hint("install it: opam install %s", strings.TrimSuffix(b.Package+"."+b.Version, "."))
	}
	return e.Hint("it is part of the program's own sources: name their directory, as in opam-cargo reproduce DIR, or get them with opam source %s", s.Name)
}

// copyCrates puts the .crate files of a record that the caches of opam's downloads have,
// by checksum, into the directory dest.
func copyCrates(rec *record.Record, caches []string, dest string) error {
	for _, c := range rec.Crates {
		if c.Checksum == "" {
			continue
		}
		for _, cache := range caches {
			file := filepath.Join(cache, "sha256", c.Checksum[:2], c.Checksum)
			if !tree.Exists(file) {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := tree.WriteIfChanged(filepath.Join(dest, c.Name+"-"+c.Version+".crate"), content, false); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// short is a hash as a table shows it.
func short(sum string) string {
	sum = strings.TrimPrefix(sum, "sha256:")
	if len(sum) > 12 {
		return sum[:12]
	}
	return sum
}

func orNone(text string) string {
	if strings.TrimSpace(text) == "" {
		return "none"
	}
	return strings.TrimSpace(text)
}

// Toolchain is the cargo of the recorded Rust release, if rustup has it installed and
// it is not the one that is used anyway; else empty.
func (s *Subject) Toolchain(ctx context.Context, with With) string {
	here, _, err := with.here(ctx, nil)
	if err == nil && here.Commit == s.Record.Toolchain.Commit {
		return ""
	}
	cmd := exec.CommandContext(ctx, "rustup", "which", "--toolchain", s.Record.Toolchain.Rustc, "cargo")
	cmd.Env = append(os.Environ(), "RUSTUP_AUTO_INSTALL=0")
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
