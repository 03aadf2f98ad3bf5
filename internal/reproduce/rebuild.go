package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/otiai10/copy"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Scratch is a directory outside of the switch in which a subject is built again.
type Scratch struct {
	dir     string
	subject *Subject
	args    []string // of the tool
	env     []string
	prefix  string
	cargo   string   // the program; empty: the one on PATH
	reads   []string // directories elsewhere that the build reads
	isolate bool     // with bubblewrap: see isolate.go
}

// Prepare lays out a scratch directory: the recorded lock and settings, the trees that
// are here, and the .crate files that opam's download cache has. Remove it with Close.
func (s *Subject) Prepare(ctx context.Context, with With) (*Scratch, error) {
	isolate := isolates(ctx)
	if s.Record != nil {
		if err := allowed(s.Record, s.File); err != nil {
			return nil, err
		}
		if !isolate && !with.Trust && !s.ofSwitch() {
			return nil, problem.New(problem.Input, "the record is not of this switch, and without bubblewrap (bwrap) its build scripts run with your rights").
				At(s.File, 0).
				Hint("install bubblewrap: opam install conf-bubblewrap, or see your distribution").
				Hint("or, if you trust where the record comes from, add --trust")
		}
	}
	dir, err := tree.Scratch("opam-cargo-reproduce-")
	if err != nil {
		return nil, err
	}
	c := &Scratch{dir: dir, subject: s, prefix: s.Prefix, cargo: with.Toolchain.Program, isolate: isolate}
	if err = errors.Join(os.Mkdir(filepath.Join(dir, "home"), 0o700), os.Mkdir(filepath.Join(dir, "tmp"), 0o700)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if s.Record == nil {
		err = c.copySources()
	} else {
		err = c.layOut(ctx, with)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close removes the scratch directory.
func (c *Scratch) Close() error { return os.RemoveAll(c.dir) }

// Isolated tells whether the build is cut off from the network.
func (c *Scratch) Isolated() bool { return c.isolate }

func (c *Scratch) root() string { return filepath.Join(c.dir, "root") }
func (c *Scratch) out() string  { return filepath.Join(c.dir, "out") }

// copySources copies the directory of a failed build, without what it built.
func (c *Scratch) copySources() error {
	err := copy.Copy(c.subject.Sources, c.root(), copy.Options{
		Skip: func(_ os.FileInfo, src, _ string) (bool, error) {
			return filepath.Dir(src) == filepath.Clean(c.subject.Sources) && (filepath.Base(src) == "_build" || filepath.Base(src) == "_opam"), nil
		},
		OnSymlink: func(string) copy.SymlinkAction { return copy.Shallow },
	})
	if err != nil {
		return fmt.Errorf("copy the sources: %w", err)
	}
	c.reads = bindings.Libraries(c.subject.Getenv)
	for _, name := range []string{bindings.Dir, filepath.Base(crate.Store(""))} {
		c.reads = append(c.reads, bindings.Beside(c.subject.Getenv, name)...)
	}
	c.args = []string{"build", "--root", c.root(), "-o", c.out()}
	if name, _, ok := strings.Cut(filepath.Base(c.subject.Sources), "."); ok && tree.Exists(filepath.Join(c.root(), name+".opam")) {
		c.args = append(c.args, "--package", name)
	}
	c.env = []string{"OPAM_SWITCH_PREFIX=" + c.prefix}
	return nil
}

func (c *Scratch) layOut(ctx context.Context, with With) error {
	s, rec := c.subject, c.subject.Record
	files := map[string]string{
		rec.Packages[0] + ".opam":  "opam-version: \"2.0\"\n",
		"rust-bindings/Cargo.lock": rec.Lock,
	}
	if rec.Settings != "" {
		files["rust-bindings/settings.toml"] = rec.Settings
	}
	for name, text := range files {
		if err := tree.WriteIfChanged(filepath.Join(c.root(), filepath.FromSlash(name)), []byte(text), false); err != nil {
			return err
		}
	}
	cargo, err := with.Toolchain.Find(ctx, filepath.Join(c.dir, "cargo-home"))
	if err != nil {
		return err
	}
	trees := filepath.Join(c.dir, "prefix")
	for _, b := range rec.Bindings {
		found, ok := s.treeOf(b)
		if !ok {
			return fmt.Errorf("the tree of %s is gone", b.Package)
		}
		_, err := bindings.Install(ctx, bindings.InstallRequest{
			Binding: found, Dest: trees, Cargo: cargo, Scratch: c.dir, Warn: with.Toolchain.Out.Detail, Say: with.Toolchain.Out.Say,
		})
		if err != nil {
			return err
		}
	}
	for _, p := range rec.Patches {
		from := filepath.Join(s.Sources, filepath.FromSlash(p.Dir))
		if err := copy.Copy(from, filepath.Join(c.root(), filepath.FromSlash(p.Dir))); err != nil {
			return fmt.Errorf("copy %s: %w", p.Dir, err)
		}
	}
	if err := copyCrates(rec, s.downloadCaches(), filepath.Join(c.root(), "rust-bindings", "crates")); err != nil {
		return err
	}
	c.args = []string{"build", "--locked", "--root", c.root(), "-o", c.out(), "--profile", rec.Profile}
	if with.Toolchain.Program != "" {
		c.args = append(c.args, "--cargo", with.Toolchain.Program)
	}
	if rec.Target != rec.Toolchain.Host {
		c.args = append(c.args, "--target", rec.Target)
	}
	if rec.Rustflags != "" {
		c.args = append(c.args, "--rustflags", rec.Rustflags)
	}
	if rec.Archives[0].Package != "" {
		c.args = append(c.args, "--each")
	}
	if len(rec.Bindings) == 0 {
		c.args = append(c.args, "--allow-none")
	}
	crates := s.Getenv("OPAM_CARGO_CRATES")
	if store := crate.Store(s.Prefix); tree.IsDir(store) {
		crates = strings.Trim(store+string(os.PathListSeparator)+crates, string(os.PathListSeparator))
	}
	c.reads = filepath.SplitList(crates)
	c.env = []string{"OPAM_CARGO_PATH=" + filepath.Join(trees, bindings.Dir), "OPAM_CARGO_CRATES=" + crates, "OPAM_SWITCH_PREFIX=", "OCAMLPATH="}
	return nil
}

// downloadCaches are where opam may keep what it downloaded, by checksum.
func (s *Subject) downloadCaches() []string {
	var dirs []string
	for _, root := range []string{s.Getenv("OPAMROOT"), filepath.Dir(s.Prefix), filepath.Join(s.Getenv("HOME"), ".opam")} {
		if dir := filepath.Join(root, "download-cache"); tree.IsDir(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// Rebuild builds, by the tool self, and returns the record of what came out. What the
// build says goes to w.
func (c *Scratch) Rebuild(ctx context.Context, self string, w io.Writer) (*record.Record, error) {
	cmd := c.command(ctx, self, self, c.args...)
	cmd.Stderr = w
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, problem.New(problem.Code(exit.ExitCode()), "it cannot be built here (the error is above)").In(c.subject.Name).
			Hint("look around in the environment of the build: opam-cargo reproduce --shell %s", c.subject.Name)
	}
	if err != nil {
		return nil, err
	}
	return record.ReadFile(filepath.Join(c.out(), record.Name))
}

// Shell leaves the user in the scratch directory, in the environment of the build.
func (c *Scratch) Shell(ctx context.Context, self string) error {
	shell := c.subject.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := c.command(ctx, self, shell)
	cmd.Env = append(cmd.Env, "OPAM_CARGO_BUILD="+self+" "+strings.Join(c.args, " "))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) { // its own exit code says nothing of ours
			return fmt.Errorf("start %s: %w", shell, err)
		}
	}
	return nil
}

// Compare tells whether the archives came out the same: nil, or a problem that says
// which did not. It adds to list what only the new record shows.
func (s *Subject) Compare(again *record.Record, list []Difference) error {
	sums := map[string]string{}
	for _, a := range again.Archives {
		sums[a.Name] = a.SHA256
	}
	var names []string
	for _, a := range s.Record.Archives {
		if sums[a.Name] != a.SHA256 {
			names = append(names, a.Name)
			list = append(list, Difference{a.Name, short(a.SHA256), short(sums[a.Name])})
		}
	}
	if len(names) == 0 {
		return nil
	}
	list = append(list, crateDifferences(s.Record, again)...)
	for _, c := range again.Embeds {
		list = append(list, Difference{"crate " + c, "its build directory", "another one, which it embeds"})
	}
	e := problem.New(problem.Check, "not the same bytes: %s", strings.Join(names, ", ")).In(s.Name).Quote(Table(list))
	if len(list) > len(names) {
		return e.Hint("make what differs above the same, and try again")
	}
	return e.Hint("nothing that is recorded differs, so a crate embeds something else: its directory, the time, or what its build script found; see docs/reproducing.md")
}

// crateDifferences compares what was compiled.
func crateDifferences(was, is *record.Record) []Difference {
	text := func(r *record.Record) map[string]string {
		m := map[string]string{}
		for _, c := range r.Crates {
			m[c.Name+" "+c.Version] = strings.TrimSpace(short(c.Checksum) + " " + strings.Join(c.Features, " "))
		}
		return m
	}
	old, now := text(was), text(is)
	var list []Difference
	for _, c := range was.Crates {
		id := c.Name + " " + c.Version
		if here, ok := now[id]; !ok {
			list = append(list, Difference{"crate " + id, "compiled", "none"})
		} else if here != old[id] {
			list = append(list, Difference{"crate " + id, orNone(old[id]), orNone(here)})
		}
	}
	for _, c := range is.Crates {
		if id := c.Name + " " + c.Version; old[id] == "" && now[id] != old[id] {
			list = append(list, Difference{"crate " + id, "none", "compiled"})
		}
	}
	return list
}
