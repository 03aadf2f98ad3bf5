package link

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// ocamlLibraries are the libraries of OCaml's own with C code, by the names of their
// archives, and as dune calls them.
var ocamlLibraries = map[string]string{
	"libthreadsnat.a": "threads.posix", "libunixnat.a": "unix", "libunix.a": "unix", "libcamlstrnat.a": "str", "libcamlstr.a": "str",
}

// tellOCaml warns of symbols that the archive wants of one of OCaml's own libraries, which
// no dune file of the program and no package of the cone lists: the linker would name the
// symbol only.
func (in Input) tellOCaml(ctx context.Context, l *library, members []int, undefined []string) (told bool) {
	var wanted []string
	for _, name := range undefined {
		if strings.HasPrefix(name, "caml_") || strings.HasPrefix(name, "unix_") || name == "uerror" {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return false
	}
	out, err := exec.CommandContext(ctx, "ocamlc", "-where").Output()
	if err != nil {
		return false
	}
	where := strings.TrimSpace(string(out))
	runtime := map[string]bool{}
	if addDefined(runtime, filepath.Join(where, "libasmrun.a")) != nil {
		return false // it cannot be known
	}
	words := map[string]string{} // library -> a symbol of it
	for _, file := range order.Keys(ocamlLibraries) {
		defined := map[string]bool{}
		if addDefined(defined, filepath.Join(where, file)) != nil {
			continue
		}
		for _, name := range wanted {
			if defined[name] && !runtime[name] {
				words[ocamlLibraries[file]] = name
			}
		}
	}
	for _, word := range order.Keys(words) {
		if files, listed := in.lists(word); !listed {
			told = true
			in.Site.Out.Warn("%s wants %s, which is in OCaml's library %s: without it the program will not link", in.whose(l, members, words[word]), words[word], word)
			in.Site.Out.Hint("add %s to (libraries ...) in %s", word, files)
		}
	}
	return told
}

// whose names the packages whose crates want a symbol.
func (in Input) whose(l *library, members []int, symbol string) string {
	for _, m := range members {
		o, err := l.Object(m)
		if err != nil || l.of[m] == nil {
			continue
		}
		if slices.ContainsFunc(o.Symbols, func(s archive.Symbol) bool { return s.Name == symbol && s.Binding == archive.Undefined }) {
			n := l.of[m]
			return strings.Join(in.Graph.Owners(n.ID), ", ") + ": the crate " + n.Name + " " + n.Version
		}
	}
	return "the Rust code"
}

var rustBindings = regexp.MustCompile(`\brust_bindings`)

// lists tells whether a dune file of the root, or an installed package of the cone, lists a
// library of OCaml's; else files are the dune files that list the archive's.
func (in Input) lists(library string) (files string, listed bool) {
	short, _, _ := strings.Cut(library, ".")
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(short) + `\b`)
	var users []string
	_ = filepath.WalkDir(in.Site.Root.Dir, func(file string, d os.DirEntry, err error) error { // what cannot be read lists nothing
		switch {
		case err != nil:
			return nil
		case d.IsDir() && file != in.Site.Root.Dir && skipped(file, d.Name()):
			return filepath.SkipDir
		case d.Name() != "dune":
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return nil
		}
		listed = listed || word.Match(src)
		if rel, ok := tree.Below(in.Site.Root.Dir, file); ok && rustBindings.Match(src) && filepath.Dir(rel) != "rust-bindings" {
			users = append(users, filepath.ToSlash(rel))
		}
		return nil
	})
	for _, pkg := range in.Cone {
		for _, dir := range in.libraries(pkg) {
			src, err := os.ReadFile(filepath.Join(dir, "META"))
			listed = listed || err == nil && word.Match(src)
		}
	}
	if len(users) == 0 {
		return "the dune file of the executable", listed
	}
	return strings.Join(users, " and "), listed
}
