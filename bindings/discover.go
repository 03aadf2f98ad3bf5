package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Request says for what to find the bindings, and where.
type Request struct {
	Root     *Root
	Prefix   string   // of the switch; empty: none
	Packages []string // --package: empty means what [Root.Select] says
	Depends  string   // NAME.VERSION ...: stands in for the depends of the root's opam file
	Getenv   Getenv
	Cargo    *cargo.Cargo
	Cache    string // a directory for layouts and shadows
	Warn     func(format string, args ...any)
	Detail   func(format string, args ...any)
}

// Found is the answer to a [Request].
type Found struct {
	Selected []string // the packages that the workspace is for
	Cone     []string // all packages in their dependency cone
	Trees    []*Tree  // by package name
}

// Discover finds the bindings in the cone of the selected packages and reads
// their trees. Every broken binding is reported, not only the first. Finding
// none is an error that says where it looked; see [IsNone].
func Discover(ctx context.Context, req Request) (*Found, error) {
	selected, err := req.Root.Select(req.Packages)
	if err != nil {
		return nil, err
	}
	c, err := req.readCone(selected)
	if err != nil {
		return nil, err
	}
	bindings, err := req.choose(selected, c)
	if err != nil {
		return nil, err
	}
	if len(bindings) == 0 {
		return &Found{Selected: selected, Cone: order.Keys(c.members)}, req.none(selected, c)
	}
	trees := make([]*Tree, len(bindings))
	problems := make([]error, len(bindings))
	var g errgroup.Group
	g.SetLimit(4)
	for i, b := range bindings {
		g.Go(func() error {
			trees[i], problems[i] = req.read(ctx, b)
			return nil
		})
	}
	g.Wait() //nolint:errcheck // the goroutines put their errors in problems
	return &Found{Selected: selected, Cone: order.Keys(c.members), Trees: trees}, errors.Join(problems...)
}

// readCone computes the cone. Outside opam's build the root's own opam files and
// those of the same dune workspace come before the switch's.
func (req *Request) readCone(selected []string) (*cone, error) {
	r := req.Root
	c := &cone{members: map[string]bool{}, missing: map[string]string{}}
	if req.Prefix != "" {
		sw, err := ReadSwitch(req.Prefix)
		if err != nil {
			return nil, err
		}
		c.sw = sw
	}
	var err error
	if c.siblings, err = req.siblings(); err != nil {
		return nil, err
	}
	c.local = localFiles(r, c.siblings)
	withTest := r.Building == "" || req.Getenv("OPAM_CARGO_WITH_TEST") == "true"
	for _, name := range selected {
		if req.Depends != "" {
			c.members[name] = true
			for _, nv := range strings.Fields(req.Depends) {
				dep, _, _ := strings.Cut(nv, ".")
				c.add(dep, false)
			}
			continue
		}
		if _, ok := r.Package(name); !ok {
			return nil, problem.New(problem.Input, "there is no %s.opam in the source to read its dependencies from", name).In(name).At(r.Dir, 0).
				Hint(`in the opam file, write: build: ["env" "OPAM_CARGO_DEPENDS=%%{_:depends}%%" "dune" "build" "-p" name "-j" jobs]`)
		}
		c.add(name, withTest)
	}
	return c, errors.Join(c.problems...)
}

// choose picks the one tree that stands for each binding of the cone.
func (req *Request) choose(selected []string, c *cone) ([]Binding, error) {
	r := req.Root
	byName := map[string]Binding{}
	if err := req.listed(byName); err != nil {
		return nil, err
	}
	if c.sw != nil {
		for name := range c.members {
			dir := filepath.Join(req.Prefix, Dir, name)
			if tree.IsDir(dir) && c.sw.Versions[name] != "" {
				byName[name] = Binding{Package: name, Version: c.sw.Versions[name], Dir: dir, Shown: dir, Origin: Installed}
			}
		}
	}
	for _, s := range c.siblings {
		for _, t := range s.Trees() {
			dir := filepath.Join(s.Dir, t.Dir)
			old, installed := byName[t.Package]
			if !t.Installed || !c.members[t.Package] || (installed && !tree.IsDir(dir)) {
				continue
			}
			if installed {
				req.Warn("%s: the tree %s of the dune workspace is used instead of %s, as dune does with its OCaml code", t.Package, dir, old.Shown)
			}
			byName[t.Package] = Binding{Package: t.Package, Dir: dir, Shown: r.Shown(dir), Origin: Workspace, Named: t.Crates}
		}
	}
	chosen := map[string]bool{}
	for _, name := range selected {
		chosen[name] = true
	}
	for _, t := range r.Trees() {
		if r.belongs(t, chosen, c.members) {
			byName[t.Package] = Binding{Package: t.Package, Version: req.ownVersion(t.Package), Dir: filepath.Join(r.Dir, t.Dir), Shown: filepath.ToSlash(t.Dir), Origin: InTree, Named: t.Crates}
		}
	}
	if err := req.override(byName, c); err != nil {
		return nil, err
	}
	var list []Binding
	for _, name := range order.Keys(byName) {
		list = append(list, byName[name])
		req.Detail("binding %s: %s tree %s", name, byName[name].Origin, byName[name].Shown)
	}
	return list, nil
}

func (req *Request) ownVersion(pkg string) string {
	if pkg == req.Root.Building {
		return req.Getenv("OPAM_PACKAGE_VERSION")
	}
	if p, ok := req.Root.Package(pkg); ok {
		v, _ := p.File.StringField("version")
		return v
	}
	return ""
}

// listed adds the trees in the directories of OPAM_CARGO_PATH; of two with one
// name the first counts.
func (req *Request) listed(byName map[string]Binding) error {
	for _, dir := range filepath.SplitList(req.Getenv("OPAM_CARGO_PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return problem.New(problem.Input, "cannot read a directory of OPAM_CARGO_PATH: %w", err).Hint("correct OPAM_CARGO_PATH: it lists rust-bindings directories, separated by colons")
		}
		for _, e := range entries {
			name, tdir := e.Name(), filepath.Join(dir, e.Name())
			if _, have := byName[name]; have || strings.HasPrefix(name, ".") || !tree.Exists(filepath.Join(tdir, "Cargo.toml")) {
				continue
			}
			b := Binding{Package: name, Dir: tdir, Shown: tdir, Origin: Installed}
			if rec, err := readRecord(name, tdir); err == nil && rec != nil {
				b.Version = rec.Version
			}
			byName[name] = b
		}
	}
	return nil
}

// override applies OPAM_CARGO_OVERRIDE=foocaml=../foocaml/rust[,...]. Relative
// directories are relative to the root.
func (req *Request) override(byName map[string]Binding, c *cone) error {
	var problems []error
	for _, item := range strings.FieldsFunc(req.Getenv("OPAM_CARGO_OVERRIDE"), func(r rune) bool { return r == ',' }) {
		name, dir, ok := strings.Cut(item, "=")
		if !ok || name == "" || dir == "" {
			problems = append(problems, problem.New(problem.Usage, "OPAM_CARGO_OVERRIDE holds %q", item).Hint("write it as PACKAGE=DIRECTORY, several separated by commas"))
			continue
		}
		old, known := byName[name]
		if !known && !c.members[name] {
			req.Warn("OPAM_CARGO_OVERRIDE names %s, which is not in the dependency cone; it is ignored", name)
			continue
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(req.Root.Dir, dir)
		}
		byName[name] = Binding{Package: name, Version: old.Version, Dir: dir, Shown: req.Root.Shown(dir), Origin: Override, Named: old.Named}
		req.Warn("%s: the tree %s is used instead of %s (OPAM_CARGO_OVERRIDE)", name, dir, orNone([]string{old.Shown}))
	}
	return errors.Join(problems...)
}

// read reads and inspects one tree. What `install` recorded is taken where the
// tree is still the one that was installed; else cargo is asked, and its answer
// kept in the cache by the layout's key.
func (req *Request) read(ctx context.Context, b Binding) (*Tree, error) {
	t, err := ReadTree(b)
	if err != nil {
		return nil, err
	}
	if b.Origin == Installed {
		rec, err := readRecord(b.Package, b.Dir)
		if err != nil {
			return nil, err
		}
		if rec != nil && rec.Tree == t.Hash {
			t.Layout, t.Exports = rec.Layout, rec.Exports
			return t, nil
		}
		if rec != nil {
			req.Warn("%s: the installed tree %s was changed after its installation; to get the original back: opam reinstall %s", b.Package, b.Dir, b.Package)
			t.Named = rec.Exports
		}
	}
	cached := filepath.Join(req.Cache, "layouts", t.LayoutKey()+".json")
	if src, err := os.ReadFile(cached); err == nil && json.Unmarshal(src, &t.Layout) == nil {
		return t, errors.Join(t.Check(), t.ChooseExports())
	}
	t.Layout = Layout{}
	if err := t.Inspect(ctx, req.Cargo, req.Cache); err != nil {
		return nil, err
	}
	text, err := json.Marshal(t.Layout)
	if err != nil {
		return nil, fmt.Errorf("encode the layout of %s: %w", b.Package, err)
	}
	return t, errors.Join(tree.WriteIfChanged(cached, text, false), t.Check(), t.ChooseExports())
}

// errNone marks the error of an empty cone.
var errNone = errors.New("no binding package")

// IsNone tells whether err is only that there is no binding in the cone.
func IsNone(err error) bool { return errors.Is(err, errNone) }

func (req *Request) none(selected []string, c *cone) error {
	e := problem.New(problem.Input, "%w in the dependency cone of %s", errNone, strings.Join(selected, ", "))
	if len(selected) > 0 {
		e.In(selected[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "root: %s\n", req.Root.Dir)
	for _, name := range selected {
		if p, ok := req.Root.Package(name); ok && req.Depends == "" {
			fmt.Fprintf(&b, "dependencies read from: %s\n", filepath.Join(req.Root.Dir, p.Path))
		}
	}
	if req.Depends != "" {
		fmt.Fprintf(&b, "dependencies given: %s\n", req.Depends)
	}
	others := []string{}
	if req.Prefix != "" {
		fmt.Fprintf(&b, "prefix: %s\n", req.Prefix)
		entries, _ := os.ReadDir(filepath.Join(req.Prefix, Dir))
		for _, entry := range entries {
			if !strings.HasPrefix(entry.Name(), ".") {
				others = append(others, entry.Name())
			}
		}
		fmt.Fprintf(&b, "bindings installed there, none of them in the cone: %s\n", orNone(others))
	}
	fmt.Fprintf(&b, "packages in the cone: %s\n", orNone(order.Keys(c.members)))
	if missing := order.Keys(c.missing); len(missing) > 0 {
		fmt.Fprintf(&b, "wanted, but not installed: %s\n", strings.Join(missing, ", "))
	}
	e.Quote(b.String())
	switch missing := order.Keys(c.missing); {
	case len(missing) > 0 && req.Root.Building == "":
		e.Hint("install what is missing: opam install --deps-only .")
	case len(others) > 0:
		e.Hint("if the program uses %s, add it to depends: in the opam file", slices.MinFunc(others, strings.Compare))
	default:
		e.Hint("add the binding package to depends: in the opam file, and install it")
	}
	return e.Hint("a program that may have none: opam-cargo build --allow-none")
}
