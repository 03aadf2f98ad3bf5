package cli

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/scaffold"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "make a package, or a part of one, that opam-cargo builds",
		ArgsUsage: "[DIR]",
		Description: "In an empty directory --binding and --executable make a package that builds, tests and installs at once; in a package that is there\n" +
			"they add what it lacks, change nothing else, and say what they did. DIR is the Rust tree, where several could be meant. --from-vendor makes a binding out of a package whose dune rule\n" +
			"calls cargo: it prints the changes, and makes them with --write. Without any of them, init writes rust-bindings/dune and its\n" +
			".gitignore, and says what to add to the opam and dune files.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "binding", Usage: "a package that installs its Rust sources"},
			&cli.BoolFlag{Name: "executable", Usage: "a package that builds a program with Rust in it"},
			&cli.BoolFlag{Name: "from-vendor", Usage: "a binding out of a package whose dune rule calls cargo"},
			&cli.BoolFlag{Name: "write", Usage: "with --from-vendor: make the changes"},
			&cli.StringSliceFlag{Name: "crate", Usage: "`NAME` of a crate that the package exports, where its tree has several (repeatable)"},
			&cli.BoolFlag{Name: "each", Usage: "an archive, and a dune library, for each binding that is in the cone now"},
		}, rootFlags()...),
		Before: a.before,
		Action: a.init,
	}
}

func (a *app) init(c *cli.Context) error {
	var modes []string
	for _, mode := range []string{"binding", "executable", "from-vendor"} {
		if c.Bool(mode) {
			modes = append(modes, "--"+mode)
		}
	}
	switch {
	case len(modes) > 1, c.Bool("each") && (c.Bool("binding") || c.Bool("from-vendor")), c.Bool("write") && !c.Bool("from-vendor"):
		return problem.New(problem.Usage, "the flags of init do not go together").
			Hint("use --binding, or --executable [--each], or --from-vendor [--write], or [--each] alone")
	case len(modes) == 0:
		if _, err := positional(c, 0); err != nil {
			return err
		}
		return a.initStanzas(c)
	case c.Bool("from-vendor"):
		return a.initFromVendor(c)
	case c.Bool("binding"):
		return a.initPackage(c, scaffold.Binding)
	}
	return a.initPackage(c, scaffold.Executable)
}

// initStanzas writes rust-bindings/ only.
func (a *app) initStanzas(c *cli.Context) error {
	root, _, err := a.root(c)
	if err != nil {
		return err
	}
	names, err := root.Select(given(c, "package"))
	if err != nil {
		return err
	}
	programs, bound := root.Roles(names)
	if len(programs) > 1 {
		return problem.New(problem.Usage, "which of the packages %s installs the build record?", strings.Join(programs, ", ")).
			Hint("name the executable package: opam-cargo init --package %s", programs[0])
	}
	each, err := a.eachLibraries(c)
	if err != nil {
		return err
	}
	p := scaffold.Open(root.Dir, each)
	program := firstOf(programs)
	kind, pkg := scaffold.Executable, program
	if program == "" {
		kind, pkg = scaffold.Binding, firstOf(bound)
	}
	if err := p.RustBindings(kind, pkg); err != nil {
		return err
	}
	if err := a.write(p, root.Dir); err != nil {
		return err
	}
	if len(p.Changed()) == 0 {
		a.term.Say("rust-bindings/dune is there")
	}
	p.Say(a.term.Say)
	a.byHand(p)
	a.advise(program, bound, len(each) > 0)
	a.tellForgotten(c, root.Dir, nil)
	return nil
}

// eachLibraries are the libraries that --each asks for.
func (a *app) eachLibraries(c *cli.Context) ([]string, error) {
	if !c.Bool("each") {
		return nil, nil
	}
	req, _, err := a.request(c)
	if err != nil {
		return nil, err
	}
	return synth.EachLibraries(a.ctx, req)
}

func (a *app) advise(program string, bound []string, each bool) {
	if each {
		a.term.Say("the executable lists, in its (libraries ...), rust_bindings_PACKAGE for each binding; when the cone changes, run init --each again")
	}
	if program != "" {
		a.term.Say("now add, by hand, or let opam-cargo init --executable do it:")
		a.term.Say(`  to %s.opam:  depends: [ ... "opam-cargo" "conf-rust-2021" ]   available: os != "win32"`, program)
		a.term.Say(`  to the dune file of the executable:  (libraries ... rust_bindings)`)
	}
	for _, name := range bound {
		a.term.Say("for the tests of %s, add rust_bindings to their (libraries ...)", name)
	}
	if program == "" && len(bound) == 0 {
		a.term.Say(`a binding package also needs, in its opam file:  install: [ ["opam-cargo" "install"] ]`)
	}
}

// initPackage makes a package of a kind, or makes one that is there one of the kind.
func (a *app) initPackage(c *cli.Context, kind scaffold.Kind) error {
	each, err := a.eachLibraries(c)
	if err != nil {
		return err
	}
	dir, pkg, err := a.packageHere(c, string(kind))
	if err != nil {
		return err
	}
	p := scaffold.Open(dir, each)
	started := pkg.Opam == ""
	had := tree.Exists(filepath.Join(dir, filepath.FromSlash(pkg.Opam)))
	switch {
	case started && pkg.Tree != "":
		err = problem.New(problem.Usage, "the directory is empty: there is no Rust tree %s to take", pkg.Tree).
			Hint("a new package has its crate in rust: opam-cargo init --%s", kind)
	case started:
		err = p.Start(kind, pkg.Name)
	default:
		err = p.Add(kind, pkg)
	}
	if err != nil {
		return err
	}
	if err := a.write(p, dir); err != nil {
		return err
	}
	p.Say(a.term.Say)
	a.byHand(p)
	a.tellForgotten(c, dir, p.ByHand)
	if started || !had && slices.Contains(p.Changed(), pkg.Opam) {
		a.term.Say("fill in %s.opam: synopsis, description, maintainer, authors, license, homepage", pkg.Name)
	}
	switch {
	case started:
		a.term.Say("it works already: dune build, dune test, opam install .")
	case len(p.Changed()) == 0 && len(p.ByHand) == 0:
		a.term.Say("nothing to do: %s has all that this kind of package needs (%s)", pkg.Name, kind)
	}
	return nil
}

func (a *app) byHand(p *scaffold.Project) {
	for _, what := range p.ByHand {
		a.term.Say("to do by hand: %s", what)
	}
}

// hasCrate tells whether a directory without a dune project is one of Rust.
func hasCrate(dir string) bool {
	return tree.Exists(filepath.Join(dir, "rust", "Cargo.toml")) || tree.Exists(filepath.Join(dir, "Cargo.toml"))
}

// packageHere is the package that is meant, and its project's directory. Opam is empty
// where the package is to be made: in an empty directory, or in one without a project.
func (a *app) packageHere(c *cli.Context, mode string) (dir string, pkg scaffold.Package, err error) {
	args, err := positional(c, 1)
	if err != nil {
		return "", pkg, err
	}
	dirGiven, crates := "", c.StringSlice("crate")
	if len(args) > 0 {
		dirGiven = path.Clean(filepath.ToSlash(args[0]))
		if tree.Outside(dirGiven) {
			return "", pkg, problem.New(problem.Usage, "the Rust tree %s is not below the project", args[0]).
				Hint("name a directory of the project: opam-cargo init --%s DIR", mode)
		}
	}
	dir = c.String("root")
	if dir == "" {
		if dir, err = workingDir(); err != nil {
			return "", pkg, err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", pkg, err
	}
	name := firstOf(given(c, "package"))
	empty, err := scaffold.IsEmpty(dir)
	if err != nil {
		return "", pkg, err
	}
	root, _, rootErr := a.root(c)
	if empty || errors.Is(rootErr, bindings.ErrNoRoot) {
		if pkg.Name = name; name == "" {
			pkg.Name = filepath.Base(dir)
		}
		pkg.Tree, pkg.Crates = dirGiven, crates
		if !empty && (tree.Exists(filepath.Join(dir, "dune-project")) || hasCrate(dir)) {
			pkg.Opam = pkg.Name + ".opam"
		}
		return dir, pkg, nil
	}
	if rootErr != nil {
		return "", pkg, rootErr
	}
	names, err := root.Select(given(c, "package"))
	if err != nil {
		return "", pkg, err
	}
	if len(names) != 1 {
		e := problem.New(problem.Usage, "for which of the packages %s?", strings.Join(names, ", "))
		for _, name := range names {
			e.Hint("name it: opam-cargo init --%s --package %s", mode, name)
		}
		return "", pkg, e
	}
	found, _ := root.Package(names[0])
	opam := filepath.ToSlash(found.Path)
	if path.Base(opam) == "dune-project" { // a package that has no opam file yet
		opam = found.Name + ".opam"
	}
	pkg = scaffold.Package{Name: found.Name, Opam: opam, Tree: dirGiven, Crates: crates}
	for _, t := range root.Trees() {
		if t.Package != pkg.Name {
			pkg.Taken = append(pkg.Taken, t)
		}
	}
	pkg.Others = slices.DeleteFunc(root.Names(), func(name string) bool { return name == pkg.Name })
	return root.Dir, pkg, nil
}
