package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/mod/semver"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Project is a source tree and what is to be changed in it.
type Project struct {
	Dir      string
	ByHand   []string // what the user has to do, for it is not sure how
	Found    []string // what FromVendor understood
	Needless []string // files that nothing reads any more
	Lost     []Loss   // what the package need not carry any more

	notes     []string // what is not as one may expect
	libraries []string // of rust-bindings/dune
	each      bool     // one for each binding
	carried   []string // libraries and programs that linked an archive themselves
	old       map[string]string
	edited    map[string]string
	why       map[string][]string // what was done to a file
}

// Open begins with no change to the project in dir. each are the libraries of an archive
// for each binding; without, there is one.
func Open(dir string, each []string) *Project {
	libraries := each
	if len(each) == 0 {
		libraries = []string{"rust_bindings"}
	}
	return &Project{Dir: dir, libraries: libraries, each: len(each) > 0, old: map[string]string{}, edited: map[string]string{}, why: map[string][]string{}}
}

// read is the content of a file as it will be; names are relative, with slashes. A
// file that is not there is empty.
func (p *Project) read(name string) ([]byte, error) {
	if text, ok := p.edited[name]; ok {
		return []byte(text), nil
	}
	src, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		p.old[name] = string(src)
	}
	return src, err
}

func (p *Project) there(name string) bool {
	_, edited := p.edited[name]
	return edited || tree.Exists(filepath.Join(p.Dir, filepath.FromSlash(name)))
}

// set puts a new content in place of a file's, which was read, and notes what that does.
func (p *Project) set(name string, content []byte, format string, args ...any) {
	now, edited := p.edited[name]
	if !edited {
		now = p.old[name]
	}
	if p.there(name) && now == string(content) {
		return
	}
	p.edited[name] = string(content)
	p.why[name] = append(p.why[name], fmt.Sprintf(format, args...))
}

// byHand notes what the user has to do; the same thing once.
func (p *Project) byHand(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(p.ByHand, text) {
		p.ByHand = append(p.ByHand, text)
	}
}

// Create adds a file; one that is there with another content is left alone, which is
// a problem.
func (p *Project) Create(name string, content []byte) error {
	old, err := p.read(name)
	if err != nil {
		return err
	}
	if p.there(name) && string(old) != string(content) {
		return problem.New(problem.Input, "the file is there and differs from what init writes; it is left as it is").At(name, 0).
			Hint("to have it written anew, move it away: mv %s %s.old", name, name)
	}
	p.set(name, content, "new")
	return nil
}

// Changed lists the files that Write will write.
func (p *Project) Changed() []string {
	names := make([]string, 0, len(p.edited))
	for name := range p.edited {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Say tells, a line each, what Write has done.
func (p *Project) Say(say func(format string, args ...any)) {
	for _, name := range p.Changed() {
		if _, had := p.old[name]; had {
			say("edited %s: %s", name, strings.Join(p.why[name], "; "))
		} else {
			say("wrote %s", name)
		}
	}
	for _, note := range p.notes {
		say("%s", note)
	}
}

// Diff is a unified diff of all changes.
func (p *Project) Diff() []byte {
	var out bytes.Buffer
	for _, name := range p.Changed() {
		from := "a/" + name
		if _, had := p.old[name]; !had {
			from = "/dev/null"
		}
		out.Write(diff.Diff(from, []byte(p.old[name]), "b/"+name, []byte(p.edited[name])))
	}
	return out.Bytes()
}

// Lines counts the lines that Write adds and takes away.
func (p *Project) Lines() (added, removed int) {
	for _, line := range strings.Split(string(p.Diff()), "\n") {
		switch {
		case strings.HasPrefix(line, "+++ ") || strings.HasPrefix(line, "--- "):
		case strings.HasPrefix(line, "+"):
			added++
		case strings.HasPrefix(line, "-"):
			removed++
		}
	}
	return added, removed
}

// Write writes the changed files, each by rename.
func (p *Project) Write() error {
	for _, name := range p.Changed() {
		if err := tree.WriteIfChanged(filepath.Join(p.Dir, filepath.FromSlash(name)), []byte(p.edited[name]), false); err != nil {
			return err
		}
	}
	return nil
}

// duneFiles lists the dune files of the project, without those of hidden directories and
// of what dune and cargo make; with nested, also those of the projects below that have a
// dune-project of their own.
func (p *Project) duneFiles(nested bool, leftOut ...string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(p.Dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil && file != p.Dir {
			return fs.SkipDir // dune warns of what cannot be read, and goes on
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(p.Dir, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir() && rel != ".":
			if slices.Contains(leftOut, rel) || strings.ContainsAny(d.Name()[:1], "._") || d.Name() == "target" ||
				!nested && tree.Exists(filepath.Join(file, "dune-project")) {
				return fs.SkipDir
			}
		case !d.IsDir() && d.Name() == "dune" && rel != "rust-bindings/dune":
			files = append(files, rel)
		}
		return nil
	})
	return files, err
}

// stanzas reads a dune file; an empty one where there is none.
func (p *Project) stanzas(name string) (src []byte, list []dune.Node, err error) {
	if src, err = p.read(name); err != nil {
		return nil, nil, err
	}
	list, err = dune.Parse(src)
	return src, list, err
}

// placed is a stanza and where it stands.
type placed struct {
	file   string
	dir    string // that it is about: the file's, or a (subdir ...) of it
	stanza dune.Node
}

// everyStanza lists the stanzas of the project's dune files, those of (subdir ...) and
// of files that they include among them, and the files that cannot be read.
func (p *Project) everyStanza(leftOut ...string) (list []placed, broken map[string]error, err error) {
	files, err := p.duneFiles(false, leftOut...)
	if err != nil {
		return nil, nil, err
	}
	broken = map[string]error{}
	seen := map[string]bool{}
	var collect func(name, dir string, nodes []dune.Node)
	read := func(name, dir string) {
		if seen[name] {
			return
		}
		seen[name] = true
		_, nodes, err := p.stanzas(name)
		if err != nil {
			broken[name] = err
			return
		}
		collect(name, dir, nodes)
	}
	collect = func(name, dir string, nodes []dune.Node) {
		for _, n := range nodes {
			words := n.Words()
			switch {
			case n.Name() == "subdir" && len(words) > 0:
				collect(name, path.Join(dir, words[0]), n.Args())
			case n.Name() == "include" && len(words) == 1 && p.there(path.Join(dir, words[0])):
				read(path.Join(dir, words[0]), dir)
			case n.IsList:
				list = append(list, placed{name, dir, n})
			}
		}
	}
	for _, name := range files {
		read(name, path.Dir(name))
	}
	return list, broken, nil
}

// editDune makes edits of a dune file.
func (p *Project) editDune(name string, src []byte, edits []edit.Edit, format string, args ...any) {
	p.set(name, dune.Apply(src, edits), format, args...)
}

// opam reads an opam file, or a template of one.
func (p *Project) opam(name string) (src []byte, file *opamfile.File, err error) {
	if src, err = p.read(name); err != nil {
		return nil, nil, err
	}
	file, err = opamfile.Parse(name, src)
	return src, file, err
}

// onlyOne refuses a second library rust_bindings in the project: dune takes one
// library of a name in a workspace.
func (p *Project) onlyOne() error {
	files, err := p.duneFiles(true)
	if err != nil {
		return err
	}
	for _, name := range files {
		_, list, err := p.stanzas(name)
		if err != nil {
			continue // said where its libraries are looked for
		}
		for _, n := range list {
			switch {
			case n.Name() != "library" || !slices.Contains(n.FieldWords("name"), "rust_bindings"):
			case slices.Contains(n.FieldWords("foreign_archives"), "rust_bindings"):
				return problem.New(problem.Input, "the project has a library rust_bindings already, and dune takes one in a workspace").At(name, n.Line).
					Hint("all executables and tests of the project share it: add rust_bindings to their (libraries ...)")
			default:
				return problem.New(problem.Input, "the project has a library of its own that is called rust_bindings, as the one that links the Rust code").At(name, n.Line).
					Hint("give it another name there, and in the (libraries ...) that list it; then run this again")
			}
		}
	}
	return nil
}

// oldest is the first language of dune in which a library can link a foreign archive.
const oldest = "v2.0"

// language refuses a project of an older one: its own stanzas would mean something else
// if init raised it.
func (p *Project) language() error {
	_, list, err := p.stanzas("dune-project")
	if err != nil {
		return nil //nolint:nilerr // dune itself says what is wrong with its file
	}
	for _, n := range list {
		words := n.Words()
		if n.Name() == "lang" && len(words) == 2 && words[0] == "dune" && semver.Compare("v"+words[1], oldest) < 0 {
			return problem.New(problem.Input, "the project is written in (lang dune %s); linking what cargo makes needs (lang dune 2.0)", words[1]).At("dune-project", n.Line).
				Hint("write (lang dune 2.0) there; dune build says which of the project's stanzas have another form in it; then run this again")
		}
	}
	return nil
}
