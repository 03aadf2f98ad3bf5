package bindings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Switch is what an opam switch has installed.
type Switch struct {
	Prefix   string
	Versions map[string]string // package -> version
}

// ReadSwitch lists the installed packages of the switch at prefix. It needs no
// opam program: in a sandbox that may see no switch at all: docs/facts.md#reading-a-switch.
func ReadSwitch(prefix string) (*Switch, error) {
	dir := filepath.Join(prefix, ".opam-switch", "packages")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New(problem.Input, "%s is not the prefix of an opam switch: there is no .opam-switch/packages in it", prefix).
			Hint("select a switch: eval $(opam env), or name its prefix with --prefix")
	}
	if err != nil {
		return nil, problem.New(problem.Input, "cannot read the opam switch: %w", err).Hint("name another prefix with --prefix")
	}
	s := &Switch{Prefix: prefix, Versions: map[string]string{}}
	for _, e := range entries {
		if name, version, ok := strings.Cut(e.Name(), "."); ok {
			s.Versions[name] = version
		}
	}
	return s, nil
}

// Licenses are those that the opam file of an installed package names; none where it
// cannot be read.
func (s *Switch) Licenses(name string) []string {
	if s.Versions[name] == "" {
		return nil
	}
	file, err := s.opamFile(name)
	if err != nil {
		return nil
	}
	return file.Strings("license")
}

// opamFile reads the opam file of an installed package. opam 2.1 writes it in
// place (docs/facts.md#reading-a-switch), so a reader can meet it empty or half
// written: try again before believing that it is broken.
func (s *Switch) opamFile(name string) (*opamfile.File, error) {
	path := filepath.Join(s.Prefix, ".opam-switch", "packages", name+"."+s.Versions[name], "opam")
	var problems error
	for try := 0; try < 10; try++ {
		if try > 0 {
			time.Sleep(30 * time.Millisecond)
		}
		src, err := os.ReadFile(path)
		if err == nil && len(strings.TrimSpace(string(src))) == 0 {
			err = problem.New(problem.Input, "the file is empty").At(path, 0)
		}
		if err != nil {
			problems = err
			continue
		}
		file, err := opamfile.Parse(path, src)
		if err == nil {
			return file, nil
		}
		problems = err
	}
	var all []error
	for _, p := range problem.List(problems) {
		p.Package, p.Code = name, problem.Input
		if p.File == "" {
			p.File = path
		}
		p.Hints = []string{"the switch is damaged; write the file anew: opam reinstall " + name}
		all = append(all, p)
	}
	return nil, errors.Join(all...)
}

// variables is the environment that dependency filters are read in. What it does
// not know counts as true.
func variables(withTest bool) opamfile.Env {
	known := map[string]string{
		"build": "false", "post": "false", "with-doc": "false", "with-dev-setup": "false", "dev-setup": "false",
		"with-test": "false", "os": runtime.GOOS, "arch": runtime.GOARCH,
	}
	if withTest {
		known["with-test"] = "true"
	}
	switch runtime.GOARCH {
	case "amd64":
		known["arch"] = "x86_64"
	case "386":
		known["arch"] = "x86_32"
	case "ppc64le":
		known["arch"] = "ppc64"
	}
	if runtime.GOOS == "darwin" {
		known["os"] = "macos"
	}
	return func(name string) (string, bool) {
		v, ok := known[name]
		return v, ok
	}
}

// cone collects the dependency cone of packages.
type cone struct {
	local     func(name string) (Package, bool) // opam files that are taken before all others
	locations []*location
	locked    map[string]lockedPackage // what dune's lock directory says, where it counts
	tests     map[string]bool          // the packages whose own tests count
	members   map[string]bool
	edges     map[string][]string // what each member needs directly
	missing   map[string]string   // package that is not there -> one that wants it
	untold    []string            // packages that are there, but nobody says what they depend on
	problems  []error
}

// add puts name and all that it needs into the cone.
func (c *cone) add(name string) {
	if c.members[name] || !c.there(name) {
		return
	}
	c.members[name] = true
	c.edges[name] = c.needs(name)
	for _, dep := range c.edges[name] {
		c.add(dep)
	}
}

// libraries are the directories where OCaml libraries are installed, in order.
func (c *cone) libraries() []string {
	var list []string
	for _, l := range c.locations {
		if l.lib != "" {
			list = append(list, l.lib)
		}
	}
	return list
}

// needs are the packages that name depends on and that are there, as its opam file says,
// dune's lock directory, or what is installed beside its library.
func (c *cone) needs(name string) []string {
	if p, ok := c.local(name); ok {
		if p.Err != nil {
			c.problems = append(c.problems, p.Err)
			return nil
		}
		return c.wanted(name, p.File)
	}
	if p, ok := c.locked[name]; ok {
		return p.depends
	}
	there := false
	for _, l := range c.locations {
		if !l.has(name) {
			continue
		}
		there = true
		if l.sw != nil {
			file, err := l.sw.opamFile(name)
			if err != nil {
				c.problems = append(c.problems, err)
				return nil
			}
			return c.wanted(name, file)
		}
		if file := l.opamFile(name); file != nil {
			return c.wanted(name, file)
		}
		if deps, ok := l.requires(name); ok {
			return deps
		}
	}
	if there {
		c.untold = append(c.untold, name)
	}
	return nil
}

// version is that of a package in one of the locations.
func (c *cone) version(l *location, name string) string {
	if v := l.version(name); v != "" || l.sw != nil {
		return v
	}
	return c.locked[name].version
}

func (c *cone) wanted(name string, file *opamfile.File) []string {
	env := variables(c.tests[name])
	depends, err := file.Depends()
	if err != nil {
		c.problems = append(c.problems, err)
	}
	depopts, err := file.Depopts()
	if err != nil {
		c.problems = append(c.problems, err)
	}
	names := append(depends.Select(env, c.there), depopts.Select(env, c.there)...)
	for _, wanted := range depends.Select(env, func(string) bool { return true }) {
		if !c.there(wanted) {
			c.missing[wanted] = name
		}
	}
	return names
}

func (c *cone) there(name string) bool {
	if _, ok := c.local(name); ok {
		return true
	}
	if _, ok := c.locked[name]; ok {
		return true
	}
	return c.installed(name)
}

func (c *cone) installed(name string) bool {
	return slices.ContainsFunc(c.locations, func(l *location) bool { return l.has(name) })
}
