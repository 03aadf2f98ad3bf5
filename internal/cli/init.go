package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "write rust-bindings/dune and its .gitignore, and say what to add to the opam and dune files",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "each", Usage: "an archive, and a dune library, for each binding that is in the cone now"},
		}, rootFlags()...),
		Before: a.before,
		Action: a.init,
	}
}

func (a *app) init(c *cli.Context) error {
	if _, err := positional(c, 0); err != nil {
		return err
	}
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
	if err := a.onlyOne(root); err != nil {
		return err
	}
	program := ""
	if len(programs) == 1 {
		program = programs[0]
	}
	stanzas := dune.Stanzas(program)
	if c.Bool("each") {
		o, _, err := a.options(c)
		if err != nil {
			return err
		}
		libs, err := synth.EachLibraries(a.ctx, o)
		if err != nil {
			return err
		}
		stanzas = dune.StanzasEach(program, libs)
	}
	files := []struct {
		name    string
		content []byte
	}{
		{"rust-bindings/dune", stanzas},
		{"rust-bindings/.gitignore", dune.Gitignore()},
	}
	for _, f := range files {
		if err := a.create(root, f.name, f.content); err != nil {
			return err
		}
	}
	a.advise(program, bound, c.Bool("each"))
	return nil
}

// onlyOne refuses a second rust-bindings/dune in the project: dune takes one
// library of a name in a workspace.
func (a *app) onlyOne(root *bindings.Root) error {
	var other string
	err := filepath.WalkDir(root.Dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != root.Dir && (strings.HasPrefix(d.Name(), "_") || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.Name() != "dune" || file == filepath.Join(root.Dir, "rust-bindings", "dune") {
			return nil
		}
		src, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(src), "(foreign_archives rust_bindings") {
			other = root.Shown(file)
		}
		return err
	})
	if err == nil && other != "" {
		return problem.New(problem.Input, "the project has a library rust_bindings already, and dune takes one in a workspace").At(other, 0).
			Hint("all executables and tests of the project share it: add rust_bindings to their (libraries ...)")
	}
	return err
}

// create writes a file that is not there; one that is there stays as it is.
func (a *app) create(root *bindings.Root, name string, content []byte) error {
	file := filepath.Join(root.Dir, filepath.FromSlash(name))
	old, err := os.ReadFile(file)
	switch {
	case err == nil && string(old) == string(content):
		a.term.Say("%s is there", name)
		return nil
	case err == nil:
		return problem.New(problem.Input, "the file is there and differs from what init writes; it is left as it is").At(name, 0).
			Hint("to have it written anew, move it away: mv %s %s.old", name, name)
	}
	if err := tree.WriteIfChanged(file, content, false); err != nil {
		return err
	}
	a.term.Say("wrote %s", name)
	return nil
}

func (a *app) advise(program string, bound []string, each bool) {
	if each {
		a.term.Say("the executable lists, in its (libraries ...), rust_bindings_PACKAGE for each binding; when the cone changes, run init --each again")
	}
	if program != "" {
		a.term.Say("now add, by hand:")
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
