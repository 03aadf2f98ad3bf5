package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// mark is an attribute in a source file that only one crate of a program may have, or
// that gives a function a name of C.
type mark struct {
	Kind    string `json:"kind"` // global_allocator, panic_handler, no_mangle or export_name
	File    string `json:"file"` // as messages name it
	Line    int    `json:"line"`
	Certain bool   `json:"certain,omitempty"` // at the start of a line of lib.rs, with no #[cfg] before it
}

func (m mark) String() string { return fmt.Sprintf("%s:%d", m.File, m.Line) }

var marked = regexp.MustCompile(`^(\s*)((?:#!?\[cfg[^\n]*\]\s*)?)#\[(?:unsafe\()?(global_allocator|panic_handler|no_mangle|export_name)\b`)

// marks reads the sources of a crate. Comments, and what macros make, are not seen;
// what tests and examples have does not count.
func (s *State) marks(n *Node) ([]mark, error) {
	dir := filepath.Dir(n.Manifest)
	var list []mark
	err := filepath.WalkDir(filepath.Join(dir, "src"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".rs") {
			return err
		}
		src, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(src, []byte("_allocator]")) && !bytes.Contains(src, []byte("panic_handler]")) && !bytes.Contains(src, []byte("no_mangle")) && !bytes.Contains(src, []byte("export_name")) {
			return err
		}
		before := ""
		for i, line := range strings.Split(string(src), "\n") {
			if m := marked.FindStringSubmatch(line); m != nil {
				list = append(list, mark{Kind: m[3], File: s.shownSource(file), Line: i + 1,
					Certain: m[1] == "" && m[2] == "" && !strings.HasPrefix(before, "#[cfg") && file == filepath.Join(dir, "src", "lib.rs") && !bytes.Contains(src, []byte("#![cfg("))})
			}
			if text := strings.TrimSpace(line); text != "" {
				before = text
			}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // its sources are elsewhere
	}
	return list, err
}

// shownSource names a file of W as the user knows it: in a tree, or in a crate.
func (s *State) shownSource(file string) string {
	if rel, err := filepath.Rel(s.Dirs.Bindings(), file); err == nil && !strings.HasPrefix(rel, "..") {
		pkg, rest, _ := strings.Cut(filepath.ToSlash(rel), "/")
		for _, t := range s.Plan.Trees() {
			if t.Package == pkg {
				return t.Shown + "/" + rest
			}
		}
	}
	for _, base := range []string{s.Dirs.W, s.Prefix} {
		if rel, err := filepath.Rel(base, file); err == nil && !strings.HasPrefix(rel, "..") {
			return filepath.ToSlash(rel)
		}
	}
	return file
}

// knownMarks are the marks of registry crates from earlier runs, by where the crate is:
// a release never changes, and there may be 100 MB of sources.
func (s *State) knownMarks() map[string][]mark {
	known := map[string][]mark{}
	if src, err := os.ReadFile(s.marksFile()); err == nil && json.Unmarshal(src, &known) != nil {
		return map[string][]mark{}
	}
	return known
}

func (s *State) marksFile() string { return filepath.Join(s.Dirs.Cache(), "marks.json") }

// precheck finds what will not go together before anything is compiled: allocators,
// panic handlers, native code at two versions. What it can only suspect is a warning:
// rustc, and the archive's symbols, decide. It reads all sources, so its good answer
// is kept as long as neither the crates nor the trees change.
func (s *State) precheck() error {
	var key bytes.Buffer
	for _, n := range s.Graph.Packages {
		fmt.Fprintln(&key, n.ID)
	}
	for _, t := range s.Plan.Trees() {
		fmt.Fprintln(&key, t.Package, t.Hash)
	}
	passed := filepath.Join(s.Dirs.Cache(), "checked")
	sum := tree.BytesSum(key.Bytes())
	if old, err := os.ReadFile(passed); err == nil && string(old) == sum {
		return nil
	}
	if err := s.checkSources(); err != nil {
		return err
	}
	return tree.WriteIfChanged(passed, []byte(sum), false)
}

func (s *State) checkSources() error {
	owners, linked := s.Graph.owners(s.Dirs), s.Graph.linked(s.Dirs)
	type found struct {
		who   string
		marks []mark
	}
	known, now := s.knownMarks(), map[string][]mark{}
	byKind := map[string][]found{}
	native := map[string]map[string]string{} // crate -> version -> why it is native
	for i := range s.Graph.Packages {
		n := &s.Graph.Packages[i]
		if !linked[n.ID] || s.Dirs.Generated(n.Manifest) {
			continue
		}
		list, ok := known[n.Manifest]
		if !ok || n.Source == "" {
			var err error
			if list, err = s.marks(n); err != nil {
				return fmt.Errorf("look at the sources of %s %s: %w", n.Name, n.Version, err)
			}
		}
		if n.Source != "" {
			now[n.Manifest] = list
		}
		if native[n.Name] == nil {
			native[n.Name] = map[string]string{}
		}
		if n.Source != "" { // of path crates every copy is somebody's own
			native[n.Name][n.Version] = ""
		}
		if n.Links != "" && n.Source != "" {
			native[n.Name][n.Version] = "links to " + n.Links
		}
		of := map[string][]mark{}
		for _, m := range list {
			of[m.Kind] = append(of[m.Kind], m)
			if n.Source != "" && (m.Kind == "no_mangle" || m.Kind == "export_name") {
				native[n.Name][n.Version] = "exports C symbols, as in " + m.String()
			}
		}
		who := fmt.Sprintf("%s %s (of %s)", n.Name, n.Version, strings.Join(owners[n.ID], ", "))
		for _, kind := range []string{"global_allocator", "panic_handler"} {
			if len(of[kind]) > 0 {
				byKind[kind] = append(byKind[kind], found{who, of[kind]})
			}
		}
	}
	if text, err := json.Marshal(now); err != nil {
		return err
	} else if err := tree.WriteIfChanged(s.marksFile(), text, false); err != nil {
		return err
	}
	say := func(list []found) (who string, certain int) {
		names := make([]string, 0, len(list))
		for _, f := range list {
			names = append(names, fmt.Sprintf("%s at %s", f.who, f.marks[0]))
			if f.marks[0].Certain {
				certain++
			}
		}
		sort.Strings(names)
		return strings.Join(names, " and "), certain
	}
	var problems []error
	if list := byKind["global_allocator"]; len(list) > 1 {
		if who, certain := say(list); certain > 1 {
			problems = append(problems, twoAllocatorsProblem(who))
		} else {
			s.Term.Warn("several crates can set the global allocator, and a program has one: %s", who)
		}
	}
	if list := byKind["panic_handler"]; len(list) > 0 {
		if who, certain := say(list); certain > 0 {
			problems = append(problems, panicHandlerProblem(who))
		} else {
			s.Term.Warn("a panic handler beside that of std makes the build fail, and these crates can have one: %s", who)
		}
	}
	s.tellNativeTwice(native)
	return errors.Join(problems...)
}

// tellNativeTwice warns of two versions of a crate with C symbols: they are there
// twice, unless each version has names of its own (FACTS T7).
func (s *State) tellNativeTwice(native map[string]map[string]string) {
	var names []string
	for name, versions := range native {
		for _, why := range versions {
			if len(versions) > 1 && why != "" {
				names = append(names, name)
				break
			}
		}
	}
	sort.Strings(names)
	for _, name := range names {
		var list []string
		for version, why := range native[name] {
			if why != "" {
				version += " (" + why + ")"
			}
			list = append(list, version)
		}
		sort.Strings(list)
		s.Term.Warn("the crate %s is there in several versions, and has C symbols, which may then be there twice: %s", name, strings.Join(list, ", "))
		s.Term.Hint("who wants which: opam-cargo why %s", name)
	}
}

func twoAllocatorsProblem(who string) error {
	return problem.New(problem.Check, "two crates set the global allocator of the program: %s", who).
		Hint("a program has one allocator: the bindings must leave it to the program, or make it an optional feature (see [bindings.PACKAGE] features in rust-bindings/settings.toml)")
}

func panicHandlerProblem(who string) error {
	return problem.New(problem.Check, "a crate brings a panic handler of its own, and the program has one already: %s", who).
		Hint("a no_std crate with #[panic_handler] is for programs without std; its author can put the handler behind a feature that is off by default")
}

// checkRust compares the rust-version of every crate with the rustc that there is, and
// returns the crate that asks for the most.
func (s *State) checkRust(ctx context.Context) (largest Node, err error) {
	rustc, err := s.Cargo.Rustc(ctx)
	if err != nil {
		return largest, err
	}
	owners := s.Graph.owners(s.Dirs)
	var problems []error
	for _, n := range s.Graph.Packages {
		if n.RustVersion == "" || len(owners[n.ID]) == 0 {
			continue
		}
		if largest.RustVersion == "" || !cargo.AtLeast(largest.RustVersion, n.RustVersion) {
			largest = n
		}
		if !cargo.AtLeast(rustc["release"], n.RustVersion) {
			problems = append(problems, tooNewProblem(n.Name, n.Version, n.RustVersion, rustc["release"], strings.Join(owners[n.ID], ", ")))
		}
	}
	return largest, errors.Join(problems...)
}
