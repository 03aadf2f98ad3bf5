// Package compile is the one cargo build of the pipeline: it comes after the checks and
// before the link (internal/link). [Run] gives cargo its environment, passes the compilers'
// words on, and collects what cargo tells of archives, rlibs and build scripts; of a build
// that failed it says whose crate it was. What the switch keeps of compiled crates is begun
// with, and what it may keep of these is noted ([Note]). It never writes outside of W, and
// reads nothing of the user's cargo configuration.
package compile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/keeper"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Options are what the user decides of the build.
type Options struct {
	Profile    string // cargo's name of it, such as "release"
	Target     string // target triple; empty: the host
	Jobs       string // empty: cargo decides
	Rustflags  string
	Wrapper    string // a program such as sccache, run behind our own
	NoCompiled bool   // do not begin with compiled crates that the switch keeps
}

// Input is what a build needs.
type Input struct {
	Site       *site.Site
	Plan       *workspace.Plan
	Resolution *resolve.Resolution
	Self       string // our own executable
	Options
}

// Compiled is what a build has made.
type Compiled struct {
	Archives   map[string]string   // static libraries, by the manifests of their crates
	NativeLibs map[string][]string // what rustc says they need, as linker arguments
	Rlibs      []Rlib
	Natives    []Native            // what build scripts said of other libraries
	Debug      map[string]bool     // manifests of Archives whose debug information is wanted
	Crates     []graph.Node        // that are in the archives or were run to make them, the generated ones aside
	Now        int                 // how many of them this run compiled
	Features   map[string][]string // by manifest: what each was compiled with
	Variables  []Variable          // that build scripts and sources asked for
	Watched    []string            // files elsewhere that build scripts watch
	Said       bool                // a diagnostic was shown
}

// Run runs the one cargo build.
func Run(ctx context.Context, in Input) (*Compiled, error) {
	if err := distrustFuture(in.Site.Dirs.Target(), in.Site.Out); err != nil {
		return nil, err
	}
	if err := cargo.ForgetFailures(in.Site.Dirs.Target()); err != nil {
		return nil, err
	}
	if err := in.begin(); err != nil {
		return nil, err
	}
	out, env, err := in.build(ctx)
	if err != nil {
		return nil, err
	}
	printed := scriptOutputs(out.outDirs)
	c := &Compiled{
		Archives: out.archives, NativeLibs: out.nativeLibs, Rlibs: out.rlibs, Natives: out.natives, Debug: out.debug, Features: out.features, Said: out.said,
		Variables: askedVariables(printed, out.rlibs, values(env)),
		Watched:   watchedFiles(printed, in.Site.Dirs.W, in.Site.CrateStore()),
	}
	for _, n := range in.Resolution.Graph.Packages {
		if in.Site.Dirs.Generated(n.Manifest) || !out.packages[n.Manifest] {
			continue
		}
		c.Crates = append(c.Crates, n)
		if out.compiled[n.Manifest] {
			c.Now++
		}
	}
	return c, nil
}

// spec names the crate of an archive to cargo, by its place: a binding's crate may have the
// same name.
func (in Input) spec(a workspace.Archive) string {
	n := in.Resolution.Graph.At(filepath.Join(in.Site.Dirs.W, filepath.FromSlash(a.Dir), "Cargo.toml"))
	if n == nil {
		return a.Crate
	}
	_, place, ok := strings.Cut(n.ID, "file://")
	if !ok {
		return a.Crate
	}
	place, _, ok = strings.Cut(place, "#")
	if !ok { // as cargo before 1.77 writes it: NAME VERSION (path+file://PLACE)
		place = strings.TrimSuffix(place, ")")
	}
	return "file://" + place + "#" + a.Crate
}

// arguments are those of cargo.
func (in Input) arguments() []string {
	d, out := in.Site.Dirs, in.Site.Out
	args := []string{
		"build", "--lib", "--offline", "--locked",
		"--manifest-path", d.Manifest(), "--config", d.Config(), "--target-dir", d.Target(),
		"--profile", in.Profile,
	}
	for _, a := range in.Plan.Archives {
		args = append(args, "--package", in.spec(a))
	}
	if in.Target != "" {
		args = append(args, "--target", in.Target)
	}
	if in.Jobs != "" {
		args = append(args, "--jobs", in.Jobs)
	}
	format := "json"
	if out.Color() {
		format = "json-diagnostic-rendered-ansi"
		args = append(args, "--color", "always")
	}
	return append(args, "--message-format", format)
}

// build runs cargo build, and returns the environment that it had.
func (in Input) build(ctx context.Context) (*output, []string, error) {
	env, err := in.environment()
	if err != nil {
		return nil, nil, err
	}
	args, term := in.arguments(), in.Site.Out
	term.Detail("run: cargo %s", strings.Join(args, " "))
	// What build scripts write may get into the archive: their umask is the same for every user.
	cmd, err := in.Site.Cargo.Command(ctx, keeper.Options{Umask: true, Lock: in.Site.Lock()}, args...)
	if err != nil {
		return nil, nil, err
	}
	cmd.Env = in.Site.Cargo.Environment(env...)
	var said bytes.Buffer // cargo's own words: progress, and errors that are no rustc diagnostics
	cmd.Stderr = io.MultiWriter(&said, term.CargoProgress())
	live := term.Verbose() || term.Live()
	if live {
		cmd.Stderr = io.MultiWriter(&said, term.Through())
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, problem.New(problem.Input, "cargo does not start: %w", err).Hint("name another cargo with --cargo")
	}
	out, readErr := readMessages(pipe, in.Site.Dirs.Generated, in.show)
	if readErr != nil {
		_, _ = io.Copy(io.Discard, pipe) // so that cargo ends, and says what it has to say
	}
	runErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case runErr != nil:
		if !live {
			term.Pass(withoutProgress(said.String()))
		}
		return nil, nil, errors.Join(in.failure(ctx, out, said.String()), readErr)
	}
	return out, cmd.Env, readErr
}

// show passes a diagnostic on. Errors always; warnings only of trees that the user is
// working on. A tree of the root is named as its author knows it, so that an editor can
// open the file. shown tells whether it was passed on.
func (in Input) show(manifest, level, rendered string) (shown bool) {
	tree := in.tree(in.Site.Dirs.BindingOf(manifest))
	if level != "error" && !in.Site.Out.Verbose() && (tree == nil || tree.Origin == bindings.Installed) {
		return false
	}
	in.Site.Out.Pass(cargo.RenameSources(rendered, func(pkg string) string {
		if t := in.tree(pkg); t != nil && t.Origin != bindings.Installed {
			return t.ShownAt(".")
		}
		return ""
	}))
	return true
}

// tree is the tree of an opam package; nil where there is none.
func (in Input) tree(pkg string) *bindings.Tree {
	for _, t := range in.Plan.Trees() {
		if t.Package == pkg {
			return t
		}
	}
	return nil
}

// withoutProgress leaves out the lines that only tell how far cargo got.
func withoutProgress(said string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(said, "\n") {
		if !cargo.Progress(line) {
			b.WriteString(line)
		}
	}
	return b.String()
}
