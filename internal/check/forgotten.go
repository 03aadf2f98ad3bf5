package check

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Forgotten is something that dune links, in whose libraries a binding is, and which does
// not list the library rust_bindings: the linker will not find the binding's functions.
type Forgotten struct {
	dune.Linked
	Library string // that it lists; empty: its own C stubs call Rust
	Binding string // the opam package behind it
}

// RustCode is the Rust code that a project sees: the opam packages that have some, and which
// of them defines a C function, by its name in the sources.
type RustCode struct {
	Packages  []string
	Functions map[string]string
}

// FindForgotten looks for them in a project. prefix is the switch, if there is one.
// Libraries are known from dune's own description, or, where dune cannot give one (inDune:
// it runs already), from the dune files and what the switch has installed.
func FindForgotten(ctx context.Context, dir, prefix string, rust RustCode, inDune bool) []Forgotten {
	if len(rust.Packages) == 0 {
		return nil
	}
	programs, own := dune.Programs(dir)
	if len(programs) == 0 {
		return nil
	}
	l := libraries{rust: rust, known: map[string]dune.Library{}, lib: filepath.Join(prefix, "lib"), calls: map[string]string{}}
	for _, lib := range own {
		l.add(lib)
	}
	if !inDune {
		if described, err := dune.Describe(ctx, dir); err == nil {
			for _, lib := range described {
				l.add(lib)
			}
		}
	}
	var found []Forgotten
	for _, p := range programs {
		f := Forgotten{Linked: p}
		seen := map[string]bool{}
		has := false
		for _, name := range p.Libraries {
			binding, word := l.reach(name, seen)
			if has = has || word; binding != "" && f.Binding == "" {
				f.Library, f.Binding = name, binding
			}
		}
		if f.Binding == "" && p.Stubs {
			f.Binding = l.called(filepath.Join(dir, filepath.FromSlash(p.Dir)))
		}
		if f.Binding != "" && !has {
			found = append(found, f)
		}
	}
	return found
}

// TellForgotten warns of each: a link may succeed all the same, where nothing of the
// library is used.
func TellForgotten(out *term.Printer, list []Forgotten) {
	for _, f := range list {
		if f.Library == "" {
			out.Warn("%s:%d: %s calls Rust functions of %s and does not list rust_bindings: the linker will not find them",
				f.File, f.Line, f.What, f.Binding)
		} else {
			out.Warn("%s:%d: %s lists %s and not rust_bindings: the linker will not find the Rust functions of %s",
				f.File, f.Line, f.What, f.Library, f.Binding)
		}
		out.Hint("add rust_bindings to its %s in %s", f.Field, f.File)
	}
}

// libraries are the OCaml libraries that a project sees.
type libraries struct {
	rust  RustCode
	known map[string]dune.Library
	lib   string            // where the switch has its libraries
	calls map[string]string // directory -> see called
}

func (l *libraries) add(lib dune.Library) {
	if old, ok := l.known[lib.Name]; ok && lib.Alias == "" {
		lib.Alias = old.Alias
	}
	l.known[lib.Name] = lib
	if lib.Alias != "" {
		l.known[lib.Alias] = lib
	}
}

// reach says which binding is among the libraries that name brings, and whether the word
// is. seen keeps each from being looked at twice.
func (l *libraries) reach(name string, seen map[string]bool) (binding string, word bool) {
	if seen[name] {
		return "", false
	}
	seen[name] = true
	if name == "rust_bindings" || name == "rust-bindings" || strings.HasPrefix(name, "rust_bindings_") {
		return "", true
	}
	lib, ok := l.known[name]
	if !ok {
		if lib, ok = installed(l.lib, name); !ok {
			lib = dune.Library{Name: name}
		}
	}
	if pkg, _, _ := strings.Cut(lib.Name, "."); slices.Contains(l.rust.Packages, pkg) && callsC(lib.Dir) {
		binding = pkg
	} else if lib.Dir != "" {
		binding = l.called(lib.Dir)
	}
	for _, required := range lib.Requires {
		b, w := l.reach(required, seen)
		word = word || w
		if binding == "" {
			binding = b
		}
	}
	return binding, word
}

// called is the package of which the code in a directory calls a Rust function: C code, or
// an external of OCaml's.
func (l *libraries) called(dir string) string {
	if pkg, ok := l.calls[dir]; ok || len(l.rust.Functions) == 0 {
		return pkg
	}
	found := ""
	for _, pattern := range []string{"*.c", "*.cc", "*.cpp", "*.ml"} {
		for _, file := range tree.Glob(dir, pattern) {
			src, err := os.ReadFile(file)
			if err != nil {
				continue // dune says so
			}
			names := callInC
			if filepath.Ext(file) == ".ml" {
				names = externalOf
			}
			for _, m := range names.FindAllSubmatch(src, -1) {
				if pkg := l.rust.Functions[string(m[1])]; pkg != "" && found == "" {
					found = pkg
				}
			}
		}
	}
	l.calls[dir] = found
	return found
}

// functions are the C functions that the sources of trees define.
func functions(trees []*bindings.Tree) map[string]string {
	of := map[string]string{}
	for _, t := range trees {
		for _, e := range t.Entries {
			if !strings.HasSuffix(e.Path, ".rs") {
				continue
			}
			src, err := tree.Read(filepath.Join(t.Dir, filepath.FromSlash(e.Path)), tree.MostOfManifest)
			if err != nil {
				continue // the build says so
			}
			for _, m := range unmangled.FindAllSubmatch(src, -1) {
				of[string(m[1])+string(m[2])] = t.Package
			}
		}
	}
	return of
}

var (
	callInC    = regexp.MustCompile(`\b([A-Za-z_]\w*)\s*\(`)
	externalOf = regexp.MustCompile(`(?s)\bexternal\s[^"=]*=\s*"([^"]+)"`)
	unmangled  = regexp.MustCompile(`export_name\s*=\s*"([^"]+)"|` +
		`no_mangle\)?\](?:\s|//[^\n]*\n|#\[[^\]]*\])*(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?extern\s+"[^"]*"\s+fn\s+(\w+)`)
)

var (
	external = regexp.MustCompile(`(?m)^[ \t]*external\s`)
	stubs    = regexp.MustCompile(`\((?:foreign_stubs|foreign_archives|ctypes|c_names|extra_objects)\b`)
)

// callsC tells whether a library of a binding may have C or Rust functions: a library of
// types alone needs no word. Where nothing can be read, it may.
func callsC(dir string) bool {
	if dir == "" || len(tree.Glob(dir, "lib*_stubs.a")) > 0 {
		return true
	}
	read := 0
	for _, pattern := range []string{"*.ml", "*.mli", "dune"} {
		for _, file := range tree.Glob(dir, pattern) {
			src, err := os.ReadFile(file)
			if err != nil {
				return true
			}
			if external.Match(src) || filepath.Base(file) == "dune" && stubs.Match(src) {
				return true
			}
			if filepath.Base(file) != "dune" {
				read++
			}
		}
	}
	return read == 0
}

var (
	metaPackage  = regexp.MustCompile(`^\s*package\s+"([^"]+)"\s*\(`)
	metaRequires = regexp.MustCompile(`^\s*requires\s*\+?=\s*"([^"]*)"`)
)

// installed reads what a library requires from the META file of its package, as dune and
// ocamlfind's users write them: a line for each thing.
func installed(lib, name string) (dune.Library, bool) {
	pkg, sub, _ := strings.Cut(name, ".")
	src, err := os.ReadFile(filepath.Join(lib, pkg, "META"))
	if err != nil {
		return dune.Library{}, false
	}
	found := dune.Library{Name: name, Dir: filepath.Join(lib, pkg, filepath.FromSlash(strings.ReplaceAll(sub, ".", "/")))}
	var at []string
	for _, line := range strings.Split(string(src), "\n") {
		if m := metaPackage.FindStringSubmatch(line); m != nil {
			at = append(at, m[1])
		} else if strings.TrimSpace(line) == ")" && len(at) > 0 {
			at = at[:len(at)-1]
		} else if m := metaRequires.FindStringSubmatch(line); m != nil && strings.Join(at, ".") == sub {
			found.Requires = append(found.Requires, strings.FieldsFunc(m[1], func(r rune) bool { return r == ' ' || r == ',' })...)
		}
	}
	return found, true
}
