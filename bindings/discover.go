package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

	siblings []*Root // the other projects of the dune workspace
}

// Found is the answer to a [Request].
type Found struct {
	Selected []string            // the packages that the workspace is for
	Cone     []string            // all packages in their dependency cone
	Needs    map[string][]string // what each of these needs directly
	Libs     []string            // directories where OCaml libraries are installed, in order
	Trees    []*Tree             // by package name
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
		return &Found{Selected: selected, Cone: order.Keys(c.members), Needs: c.edges, Libs: c.libraries()}, req.none(selected, c)
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
	return &Found{Selected: selected, Cone: order.Keys(c.members), Needs: c.edges, Libs: c.libraries(), Trees: trees}, errors.Join(problems...)
}

// readCone computes the cone. Outside opam's build the root's own opam files and
// those of the same dune workspace come before what is installed.
func (req *Request) readCone(selected []string) (*cone, error) {
	r := req.Root
	c := &cone{members: map[string]bool{}, edges: map[string][]string{}, missing: map[string]string{}, tests: map[string]bool{}}
	var err error
	if c.locations, err = req.locations(); err != nil {
		return nil, err
	}
	top := r.workspaceTop(req.Getenv)
	if DunePackages(req.Getenv) {
		c.locked = readLocked(top)
	} else if req.Prefix != "" && r.Context == "" && r.Building == "" && tree.IsDir(filepath.Join(top, duneLock)) {
		req.Warn("the workspace has a %s, but its packages are not seen here; run: dune exec -- opam-cargo ...", duneLock)
	}
	if r.Building == "" {
		req.siblings = r.projects(top)
	}
	c.local = req.localFiles(c.installed)
	withTest := r.Building == "" || req.Getenv("OPAM_CARGO_WITH_TEST") == "true"
	for _, name := range selected {
		c.tests[name] = withTest
	}
	for _, name := range selected {
		if req.Depends != "" {
			c.members[name] = true
			for _, nv := range strings.Fields(req.Depends) {
				dep, _, _ := strings.Cut(nv, ".")
				c.add(dep)
			}
			continue
		}
		if _, ok := r.Package(name); !ok {
			return nil, problem.New(problem.Input, "there is no %s.opam in the source to read its dependencies from", name).In(name).At(r.Dir, 0).
				Hint(`in the opam file, write: build: ["env" "OPAM_CARGO_DEPENDS=%%{_:depends}%%" "dune" "build" "-p" name "-j" jobs]`)
		}
		c.add(name)
	}
	return c, errors.Join(c.problems...)
}

// choose picks the one tree that stands for each binding of the cone.
func (req *Request) choose(selected []string, c *cone) ([]Binding, error) {
	r := req.Root
	byName := map[string]Binding{}
	req.installed(byName, c)
	req.inWorkspace(byName, c)
	chosen := map[string]bool{}
	for _, name := range selected {
		chosen[name] = true
	}
	for _, t := range r.Trees() {
		if r.belongs(t, chosen, c.members) {
			byName[t.Package] = Binding{
				Package: t.Package, Version: req.ownVersion(t.Package), Dir: filepath.Join(r.Dir, t.Dir), Shown: filepath.ToSlash(t.Dir),
				Origin: InTree, Named: t.Crates,
			}
		}
	}
	if err := req.override(byName, c); err != nil {
		return nil, err
	}
	var list []Binding
	var problems []error
	for _, name := range order.Keys(byName) {
		if err := namedIn(byName[name].Shown, name); err != nil {
			problems = append(problems, err)
			continue
		}
		list = append(list, byName[name])
		req.Detail("binding %s: %s tree %s", name, byName[name].Origin, byName[name].Shown)
	}
	for _, name := range order.Keys(c.missing) {
		req.Detail("%s, which %s wants, is not there", name, c.missing[name])
	}
	return list, errors.Join(problems...)
}

// installed adds the trees of the cone that lie beside the libraries and in the switch.
// Where nobody says what some package depends on, all count that lie beside the
// libraries, and those of OPAM_CARGO_PATH always do; a switch tells its own exactly.
func (req *Request) installed(byName map[string]Binding, c *cone) {
	all := len(c.untold) > 0 && !opamBuilds(req.Getenv) // who knows all that it builds with
	for _, l := range c.locations {
		for _, name := range l.bound() {
			counts := c.members[name]
			if l.sw != nil {
				counts = counts && l.sw.Versions[name] != ""
			} else {
				counts = counts || l.listed || all
			}
			if !counts {
				continue
			}
			for _, t := range l.treesOf(name) {
				if first, have := byName[name]; have {
					req.Warn("%s is in two places: the tree %s is used, and %s is not", name, first.Shown, t.Dir)
					continue
				}
				byName[name] = Binding{Package: name, Version: c.version(l, name), Dir: t.Dir, Shown: t.Dir, Origin: Installed, Named: t.Crates}
			}
		}
	}
	if all {
		req.Detail("nobody says what %s depends on: all bindings beside the libraries count", strings.Join(c.untold, ", "))
	}
}

// inWorkspace puts trees of the other projects of the dune workspace in place of the
// installed ones, as dune does with OCaml code.
func (req *Request) inWorkspace(byName map[string]Binding, c *cone) {
	for _, s := range req.siblings {
		for _, t := range s.Trees() {
			dir := filepath.Join(s.Dir, t.Dir)
			old, have := byName[t.Package]
			switch {
			case !t.Installed || !c.members[t.Package] || have && (s.loose || !tree.IsDir(dir)):
				continue
			case have && old.Origin == Workspace:
				req.Warn("%s is in two places: the tree %s is used, and %s is not", t.Package, old.Dir, dir)
				continue
			case have:
				req.Warn("%s: the tree %s of the dune workspace is used instead of %s, as dune does with its OCaml code", t.Package, dir, old.Shown)
			}
			byName[t.Package] = Binding{Package: t.Package, Dir: dir, Shown: req.Root.Shown(dir), Origin: Workspace, Named: t.Crates}
		}
	}
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
			req.Warn("%s: the installed tree %s was changed after its installation; %s", b.Package, b.Dir, req.again(b))
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

// again says how a package is installed again.
func (req *Request) again(b Binding) string {
	if _, ok := tree.Below(req.Prefix, b.Dir); ok && req.Prefix != "" {
		return "to get the original back: opam reinstall " + b.Package
	}
	return "install it again"
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
	others := map[string]bool{}
	for _, l := range c.locations {
		for _, dir := range l.trees {
			fmt.Fprintf(&b, "looked in: %s\n", dir)
		}
		for _, name := range l.bound() {
			others[name] = true
		}
	}
	switch {
	case req.Prefix != "":
		fmt.Fprintf(&b, "prefix: %s\n", req.Prefix)
	case DunePackages(req.Getenv):
		b.WriteString("OCAMLPATH names packages that dune built: no switch is read\n")
	default:
		fmt.Fprintln(&b, noSwitch(req.Root.Dir, req.Getenv).Text)
	}
	if len(c.locations) > 0 {
		fmt.Fprintf(&b, "bindings installed there, none of them in the cone: %s\n", orNone(order.Keys(others)))
	}
	fmt.Fprintf(&b, "packages in the cone: %s\n", orNone(order.Keys(c.members)))
	if missing := order.Keys(c.missing); len(missing) > 0 {
		fmt.Fprintf(&b, "wanted, but not installed: %s\n", strings.Join(missing, ", "))
	}
	e.Quote(b.String())
	return req.waysToBinding(e, order.Keys(others), len(c.missing) > 0).Hint("a program that may have none: opam-cargo build --allow-none")
}

// waysToBinding says how a binding comes into the cone, in the words of the world that
// the program is built in.
func (req *Request) waysToBinding(e *problem.Error, others []string, missing bool) *problem.Error {
	file := "the opam file"
	if len(req.Root.Packages) > 0 && req.Root.Packages[0].OfProject {
		file = "the (package ...) of dune-project"
	}
	switch {
	case len(others) > 0 && !missing:
		return e.Hint("if the program uses %s, add it to the dependencies in %s", others[0], file)
	case DunePackages(req.Getenv):
		return e.Hint("add the binding package to the dependencies in %s, then run: dune pkg lock", file)
	case req.Prefix == "" && req.Root.Building == "":
		e.Hints = append(e.Hints, noSwitch(req.Root.Dir, req.Getenv).Hints...)
		return e
	case missing && req.Root.Building == "":
		return e.Hint("install what is missing: opam install --deps-only .")
	}
	return e.Hint("add the binding package to the dependencies in %s, and install it", file)
}
