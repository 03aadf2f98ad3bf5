package link

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/object"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Wanted is what was wanted of the archives by code that is not Rust, and what that
// depends on: a later build asks whether it is the same.
type Wanted struct {
	Offered []string          `json:"offered,omitempty"` // symbols that the sources of the root were looked through for
	InTree  []string          `json:"in_tree,omitempty"` // of them, what they name
	Files   map[string]string `json:"files,omitempty"`   // of installed packages, and libraries: size and time
	Target  string            `json:"target,omitempty"`
	Tools   []string          `json:"tools,omitempty"` // programs that could link, with size and time
}

// Same tells whether the sources at root and the installed packages want the same still.
func (w Wanted) Same(root string) bool {
	for file, stamp := range w.Files {
		if stampOf(file) != stamp {
			return false
		}
	}
	if len(w.Tools) > 0 && !slices.Equal(w.Tools, linkers(w.Target)) {
		return false
	}
	t := newText(offerOf(w.Offered))
	return len(w.Offered) == 0 || t.inTree(root) == nil && slices.Equal(t.names(), w.InTree)
}

// linkers are the programs here that could link an object.
func linkers(target string) []string {
	list := object.Here(target)
	for i, path := range list {
		list[i] = path + " " + stampOf(path)
	}
	return list
}

// stampOf is a file's size and time; those of installed packages change with them.
func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())
}

// symbol is a definition that a package's crates bring.
type symbol struct {
	name   string
	owners []string // opam packages
}

// wants collects the roots of the archives.
type wants struct {
	in    Input
	roots map[string]bool
	memo  Wanted
}

// findRoots finds what anybody wants of the symbols that the crates bring: all unmangled
// ones of path crates, and of crates with a links key right below them; what installed
// packages leave undefined whose cone has the binding; what the sources of the root name;
// and what [export] names. offered are the symbols of crates, whatever crate.
func findRoots(ctx context.Context, in Input, offered map[string]*graph.Node) (*wants, error) {
	w := &wants{in: in, roots: map[string]bool{}, memo: Wanted{Target: in.Target, Tools: linkers(in.Target)}}
	usual := linkable(in.Graph)
	var rest []symbol
	system := systemSymbols(ctx)
	patterns := in.Plan.ExportedSymbols()
	for name, n := range offered {
		switch {
		case matches(patterns, name):
			w.roots[name] = true
		case usual[n.Manifest] && !archive.Mangled(name):
			w.roots[name] = true
		case !system[name]:
			rest = append(rest, symbol{name, in.Graph.Owners(n.ID)})
		}
	}
	// What starts the runtime of coverage and profiles; a compiler driver asks for it where
	// it links instrumented code.
	w.roots["__llvm_profile_runtime"] = true
	sort.Slice(rest, func(i, j int) bool { return rest[i].name < rest[j].name })
	w.installed(ctx, rest)
	for _, s := range rest {
		if !w.roots[s.name] {
			w.memo.Offered = append(w.memo.Offered, s.name)
		}
	}
	if len(w.memo.Offered) == 0 {
		return w, nil
	}
	t := newText(offerOf(w.memo.Offered))
	if err := t.inTree(in.Site.Root.Dir); err != nil {
		return nil, fmt.Errorf("look for the symbols that the program's own sources want: %w", err)
	}
	w.memo.InTree = t.names()
	for _, name := range w.memo.InTree {
		w.roots[name] = true
	}
	return w, nil
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// installed adds what the packages of the cone want of the bindings in their own cones.
func (w *wants) installed(ctx context.Context, rest []symbol) {
	if len(rest) == 0 {
		return
	}
	w.memo.Files = map[string]string{}
	for _, pkg := range w.in.Cone {
		below := w.in.below(pkg)
		mine := map[string]bool{}
		for _, s := range rest {
			if slices.ContainsFunc(s.owners, func(o string) bool { return below[o] }) {
				mine[s.name] = true
			}
		}
		if len(mine) == 0 {
			continue
		}
		found := map[string]bool{}
		for _, dir := range w.in.libraries(pkg) {
			w.look(dir, mine, found)
		}
		if len(found) == 0 {
			continue
		}
		brought := w.in.broughtBy(ctx, pkg)
		for name := range found {
			if !brought[name] {
				w.roots[name] = true
			}
		}
	}
}

// look finds names in what an installed library leaves undefined, and in its interfaces,
// whose externals the modules of others call themselves.
func (w *wants) look(dir string, names, found map[string]bool) {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	t := newText(offerOf(list))
	for _, file := range tree.Glob(dir, "*") {
		switch filepath.Ext(file) {
		case ".a":
			w.memo.Files[file] = stampOf(file)
			wanted, own := map[string]bool{}, map[string]bool{}
			addWanted(wanted, file)
			_ = addDefined(own, file) // not an archive of this machine
			for name := range wanted {
				found[name] = found[name] || names[name] && !own[name]
			}
			if src, err := os.ReadFile(file); err == nil && !strings.HasPrefix(filepath.Base(file), "lib") {
				t.look(src, false) // strings, which may be looked up as the program runs
			}
		case ".cmi", ".cmx":
			w.memo.Files[file] = stampOf(file)
			if src, err := os.ReadFile(file); err == nil {
				t.look(src, false)
			}
		}
	}
	for name := range t.found {
		found[name] = true
	}
	for name, ok := range found {
		if !ok {
			delete(found, name)
		}
	}
}

// below are the packages that a package needs, itself among them. What nobody can tell
// needs everything.
func (in Input) below(pkg string) map[string]bool {
	set := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if !set[name] {
			set[name] = true
			for _, dep := range in.Needs[name] {
				visit(dep)
			}
		}
	}
	visit(pkg)
	return set
}

// libraries are the directories that hold an installed package's OCaml libraries.
func (in Input) libraries(pkg string) []string {
	var list []string
	for _, base := range in.Libs {
		dir := filepath.Join(base, pkg)
		if !tree.IsDir(dir) || slices.Contains(list, dir) {
			continue
		}
		list = append(list, dir)
		for _, sub := range tree.Glob(dir, "*") {
			if tree.IsDir(sub) {
				list = append(list, sub)
			}
		}
	}
	return list
}

// broughtBy are the symbols of the libraries that an installed package links itself, such
// as a system library beside one that a crate bundles.
func (in Input) broughtBy(ctx context.Context, pkg string) map[string]bool {
	set := map[string]bool{}
	for _, dir := range in.libraries(pkg) {
		for _, file := range tree.Glob(dir, "*.cmxa") {
			flags, dirs := linkerFlags(file)
			for _, name := range flags {
				for symbol := range in.symbolsOf(ctx, name, append(dirs, dir)) {
					set[symbol] = true
				}
			}
		}
	}
	return set
}

// linkerFlags are the names after -l, and the directories after -L, that an OCaml library
// has recorded: strings in OCaml's own marshalled form, whose length stands before them.
func linkerFlags(cmxa string) (libs, dirs []string) {
	src, err := os.ReadFile(cmxa)
	if err != nil {
		return nil, nil
	}
	for i := 1; i+2 < len(src); i++ {
		if src[i] != '-' || src[i+1] != 'l' && src[i+1] != 'L' {
			continue
		}
		n := 0
		switch before := src[i-1]; {
		case before >= 0x20 && before < 0x40: // a short string
			n = int(before & 0x1f)
		case i > 1 && src[i-2] == 0x09: // one of up to 255 bytes
			n = int(before)
		}
		if n < 3 || i+n > len(src) {
			continue
		}
		for _, word := range strings.Fields(string(src[i : i+n])) {
			if name, ok := strings.CutPrefix(word, "-l"); ok {
				libs = append(libs, name)
			} else if dir, ok := strings.CutPrefix(word, "-L"); ok {
				dirs = append(dirs, dir)
			}
		}
	}
	return libs, dirs
}

// symbolsOf are those of the library that -l names, wherever the C compiler finds it.
func (in Input) symbolsOf(ctx context.Context, name string, dirs []string) map[string]bool {
	set := map[string]bool{}
	for _, dir := range dirs {
		for _, file := range []string{"lib" + name + ".so", "lib" + name + ".a"} {
			addLibrary(set, filepath.Join(dir, file))
		}
	}
	if len(set) > 0 {
		return set
	}
	for _, file := range []string{"lib" + name + ".so", "lib" + name + ".a"} {
		cc := compiler(in.Site.Getenv)
		out, err := exec.CommandContext(ctx, cc[0], append(cc[1:], "-print-file-name="+file)...).Output()
		if err == nil {
			addLibrary(set, strings.TrimSpace(string(out)))
		}
	}
	return set
}

func addLibrary(set map[string]bool, file string) {
	if strings.HasSuffix(file, ".a") {
		_ = addDefined(set, file) // it is not there
		return
	}
	if defined, _, err := dynamicSymbols(file); err == nil {
		for name := range defined {
			set[name] = true
		}
	}
}

// compiler is the C compiler with its arguments.
func compiler(getenv bindings.Getenv) []string {
	if words := strings.Fields(getenv("CC")); len(words) > 0 {
		return words
	}
	return []string{"cc"}
}

// linkable are the manifests of the crates whose symbols OCaml may want in any case: path
// crates, and crates with a links key right below one, whose C library OCaml's stubs often
// call themselves.
func linkable(g *graph.Graph) map[string]bool {
	found := map[string]bool{}
	for _, n := range g.Packages {
		if g.Binding(n) == "" {
			continue
		}
		found[n.Manifest] = true
		for _, id := range n.Deps {
			if d := g.Node(id); d != nil && d.Links != "" {
				found[d.Manifest] = true
			}
		}
	}
	return found
}
