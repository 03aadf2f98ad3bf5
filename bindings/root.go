package bindings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Root is the source tree that the command works for.
type Root struct {
	Dir      string    // absolute
	Packages []Package // of its opam files, by name
	Building string    // the package that opam is building here; empty outside opam's build
	Context  string    // the dune context of the action that we run in; empty outside dune

	loose  bool      // of a workspace, and no project: dune does not see its packages
	build  string    // dune's build directory; empty: see [Root.BuildDir]
	below  string    // where it lies in its dune workspace; empty: at the top
	shown  string    // its directory in messages; empty: its files are named relative to it
	byDune []OwnTree // what its dune files install
}

// Package is an opam file of the root.
type Package struct {
	Name      string
	File      *opamfile.File // empty where Err says that it cannot be read
	Path      string         // of the file, relative to the root
	OfProject bool           // a (package ...) of dune-project stands for it: there is no opam file
	Err       error          // matters to who wants this package
}

// FindRoot finds the root for a command that runs in cwd: inside an opam build
// the directory below .opam-switch/build; else the nearest one upward with opam
// files, up to a repository's root or HOME. In a dune action the search begins at
// the source directory that cwd stands for. given, if not empty, is the root.
func FindRoot(cwd, given string, getenv Getenv) (*Root, error) {
	r := &Root{}
	start := cwd
	if src, context, ok := duneSource(cwd, getenv); ok {
		start, r.Context = src, context
	}
	building := getenv("OPAM_PACKAGE_NAME")
	buildDir, inBuild := opamBuildDir(start)
	if duneBuilds(getenv) {
		buildDir, inBuild = dunePackageDir(start)
	}
	switch {
	case given != "":
		r.Dir = given
	case building != "" && inBuild:
		r.Dir = buildDir
	default:
		dir, err := searchUp(start, getenv("HOME"))
		if err != nil {
			return nil, err
		}
		r.Dir = dir
	}
	if building != "" && inBuild {
		r.Building = building
	}
	abs, err := filepath.Abs(r.Dir)
	if err != nil {
		return nil, err
	}
	r.Dir = abs
	if !tree.IsDir(r.Dir) {
		return nil, problem.New(problem.Input, "the root %s is not a directory", r.Dir).Hint("name the project's directory with --root")
	}
	r.findBuild(getenv)
	return r, r.readPackages()
}

// findBuild finds dune's build directory: what dune says in an action, and to a program
// that dune exec runs; else what DUNE_BUILD_DIR says, as it does to dune; else _build at
// the top of the dune workspace.
func (r *Root) findBuild(getenv Getenv) {
	top := r.workspaceTop(getenv)
	if top == "" {
		top = r.Dir
	}
	rel, ok := tree.Below(top, r.Dir)
	if !ok {
		return
	}
	r.below = rel
	inside, named := getenv("INSIDE_DUNE"), getenv("DUNE_BUILD_DIR")
	switch {
	case filepath.IsAbs(inside) && getenv("DUNE_SOURCEROOT") == top:
		r.build = filepath.Dir(inside)
	case filepath.IsAbs(named):
		r.build = filepath.Clean(named)
	case named != "":
		r.build = filepath.Join(top, named)
	default:
		r.build = filepath.Join(top, "_build")
	}
}

// BuildDir is the build directory of the dune workspace that the root lies in; below says
// where in the workspace, "." for its top. Without dune it is the root's own _build.
func (r *Root) BuildDir() (dir, below string) {
	if r.build == "" {
		return filepath.Join(r.Dir, "_build"), "."
	}
	return r.build, filepath.Clean(r.below)
}

// opamBuildDir is the directory just below .opam-switch/build that dir lies in.
func opamBuildDir(dir string) (string, bool) {
	const mark = "/.opam-switch/build/"
	slashed := filepath.ToSlash(dir)
	i := strings.LastIndex(slashed, mark)
	if i < 0 {
		return "", false
	}
	name, _, _ := strings.Cut(slashed[i+len(mark):], "/")
	return filepath.FromSlash(slashed[:i+len(mark)] + name), name != ""
}

// duneSource is the source directory that cwd, the directory of a dune action,
// stands for, and the action's context. INSIDE_DUNE, the context's build
// directory, counts only if cwd lies in it or in .sandbox/<hash>/<context>
// beside it: a shell started from a dune action keeps the variable.
func duneSource(cwd string, getenv Getenv) (dir, context string, ok bool) {
	source, build := getenv("DUNE_SOURCEROOT"), getenv("INSIDE_DUNE")
	if source == "" || build == "" {
		return "", "", false
	}
	context = filepath.Base(build)
	if rel, ok := tree.Below(build, cwd); ok {
		return filepath.Join(source, rel), context, true
	}
	rel, ok := tree.Below(filepath.Join(filepath.Dir(build), ".sandbox"), cwd)
	if !ok {
		return "", "", false
	}
	parts := strings.SplitN(filepath.ToSlash(rel), "/", 3)
	if len(parts) < 2 || parts[1] != context {
		return "", "", false
	}
	return filepath.Join(append([]string{source}, parts[2:]...)...), context, true
}

// ErrNoRoot is the cause of the problem that there is no project to work for.
var ErrNoRoot = errors.New("no opam file")

func searchUp(start, home string) (string, error) {
	for dir := start; ; dir = filepath.Dir(dir) {
		if isRoot(dir) {
			return dir, nil
		}
		if tree.Exists(filepath.Join(dir, ".git")) || dir == home || dir == filepath.Dir(dir) {
			e := problem.New(problem.Input, "no opam file in %s, nor in a directory above it up to %s", start, dir)
			e.Err = ErrNoRoot
			return "", e.Hint("run opam-cargo in a project that has one (NAME.opam), or name the project with --root")
		}
	}
}

func generatesOpamFiles(dir string) bool {
	src, err := os.ReadFile(filepath.Join(dir, "dune-project"))
	return err == nil && strings.Contains(string(src), "(generate_opam_files")
}

func (r *Root) readPackages() error {
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return err
	}
	r.read(entries, readStanzas(filepath.Join(r.Dir, "dune"), entries))
	if len(r.Packages) == 0 && generatesOpamFiles(r.Dir) && r.Building == "" {
		return problem.New(problem.Input, "the opam files that dune generates here are not there yet").At(filepath.Join(r.Dir, "dune-project"), 0).
			Hint("run: dune build @check (and commit the *.opam files: opam needs them)")
	}
	return nil
}

// read finds the packages of the root: its opam files, and the (package ...) stanzas of
// its dune-project that have none; false if there are no packages. entries are those of
// its directory, stanzas what its dune file says.
func (r *Root) read(entries []fs.DirEntry, stanzas []dune.Node) bool {
	for _, rel := range opamFiles(r.Dir, entries) {
		p := Package{Path: filepath.Join(r.shown, rel), File: &opamfile.File{Name: rel}}
		src, err := os.ReadFile(filepath.Join(r.Dir, rel))
		if err == nil {
			var file *opamfile.File
			if file, err = parseOpam(p.Path, src); err == nil {
				p.File = file
			}
		}
		p.Name = r.packageName(rel, p.File)
		if p.Err = err; err == nil {
			p.Err = namedIn(p.Path, p.Name)
		}
		r.Packages = append(r.Packages, p)
	}
	if hasEntry(entries, "dune-project") {
		for _, stanza := range packageStanzas(r.Dir) {
			if p := r.asPackage(stanza); !r.has(p.Name) {
				r.Packages = append(r.Packages, p)
			}
		}
	}
	r.byDune = byDune(stanzas, ".")
	sort.Slice(r.Packages, func(i, j int) bool { return r.Packages[i].Name < r.Packages[j].Name })
	return len(r.Packages) > 0
}

func (r *Root) has(name string) bool {
	_, ok := r.Package(name)
	return ok
}

// parseOpam reads an opam file, and wants to understand which tree it installs.
func parseOpam(name string, src []byte) (*opamfile.File, error) {
	file, err := opamfile.Parse(name, src)
	if err == nil {
		_, err = file.Commands("install")
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (r *Root) packageName(path string, file *opamfile.File) string {
	base := filepath.Base(path)
	if base != "opam" {
		return strings.TrimSuffix(base, ".opam")
	}
	if name, ok := file.StringField("name"); ok {
		return name
	}
	if r.Building != "" {
		return r.Building
	}
	name, _, _ := strings.Cut(filepath.Base(r.Dir), ".")
	return name
}

// Package finds an opam file of the root by package name.
func (r *Root) Package(name string) (Package, bool) {
	for _, p := range r.Packages {
		if p.Name == name {
			return p, true
		}
	}
	return Package{}, false
}

// Names are the names of the root's packages.
func (r *Root) Names() []string {
	names := make([]string, 0, len(r.Packages))
	for _, p := range r.Packages {
		names = append(names, p.Name)
	}
	return names
}

// Select returns the packages to work for: the one that opam is building, else
// those that are named, else all of the root's.
func (r *Root) Select(named []string) ([]string, error) {
	if len(named) == 0 && r.Building != "" {
		return []string{r.Building}, nil
	}
	known := r.Names()
	if len(named) == 0 {
		return known, nil
	}
	var names []string
	var problems []error
	for _, name := range named {
		if _, ok := r.Package(name); !ok && r.Building == "" {
			problems = append(problems, problem.New(problem.Usage, "there is no package %s in %s", name, r.Dir).
				Hint("its packages are: %s", strings.Join(known, ", ")))
		}
		names = append(names, name)
	}
	return names, errors.Join(problems...)
}

// Shown is path as the user would write it: relative to the root where it lies
// in it, else as it is.
func (r *Root) Shown(path string) string {
	if rel, ok := tree.Below(r.Dir, path); ok {
		return filepath.ToSlash(rel)
	}
	return path
}

func (r *Root) String() string {
	return fmt.Sprintf("root %s, building %q, context %q", r.Dir, r.Building, r.Context)
}
