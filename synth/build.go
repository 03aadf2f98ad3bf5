package synth

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Built is what a build has made.
type Built struct {
	*State
	Archives []BuiltArchive
	Crates   []graph.Node // that are in the archives or were run to make them, the generated ones aside
	Compiled int          // how many of them this run compiled

	key       string              // see [State.buildKey]
	last      *lastBuild          // this build has changed nothing
	said      bool                // a diagnostic or a warning was shown
	watched   []string            // files elsewhere that build scripts watch
	features  map[string][]string // by manifest: what each was compiled with
	rlibs     map[string][]string // by manifest
	variables []RecordedVariable
}

// BuiltArchive is a static library with what a linker needs besides.
type BuiltArchive struct {
	workspace.Archive
	Path string // absolute, below W/target
	Link Link
}

// Build synthesizes the workspace, builds it once, and checks the archive.
// Nothing is handed over yet: see [Built.HandOver]. The workspace stays locked
// until the caller closes it, so that no other run changes the archive meanwhile.
func Build(ctx context.Context, o Options) (*Built, error) {
	s, err := Synth(ctx, o)
	if err != nil {
		return nil, err
	}
	b, err := s.build(ctx)
	if err != nil {
		s.Close()
		return nil, err
	}
	return b, nil
}

func (s *State) build(ctx context.Context) (*Built, error) {
	key, err := s.buildKey(ctx)
	if err != nil {
		return nil, err
	}
	if last, ok := s.unchanged(key); ok {
		return &Built{State: s, Archives: last.Archives, key: key, last: last}, nil
	}
	if err := os.Remove(s.lastFile()); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if err := s.precheck(); err != nil {
		return nil, err
	}
	if err := s.distrustFuture(); err != nil {
		return nil, err
	}
	if err := cargo.ForgetFailures(s.Dirs.Target()); err != nil {
		return nil, err
	}
	if err := s.beginCompiled(ctx); err != nil {
		return nil, err
	}
	out, err := s.runCargo(ctx)
	if err != nil {
		return nil, err
	}
	b := &Built{State: s, key: key, said: out.said, watched: s.watchedFiles(out.scripts), features: out.features, variables: out.variables, rlibs: map[string][]string{}}
	for _, a := range out.artifacts {
		b.rlibs[a.manifest] = append(b.rlibs[a.manifest], a.rlib)
	}
	for _, n := range s.Graph.Packages {
		if s.Dirs.Generated(n.Manifest) || !out.packages[n.Manifest] {
			continue
		}
		b.Crates = append(b.Crates, n)
		if out.compiled[n.Manifest] {
			b.Compiled++
		}
	}
	if b.Archives, err = s.archives(out); err != nil {
		return nil, err
	}
	told, err := b.tellUndefined(ctx)
	b.said = b.said || told
	return b, err
}

// archives finds the static libraries in cargo's output, and checks their symbols.
func (s *State) archives(out *output) ([]BuiltArchive, error) {
	defs, wanted, err := s.definitions(out)
	if err != nil {
		return nil, err
	}
	if err := duplicates(defs); err != nil {
		return nil, err
	}
	list := make([]BuiltArchive, 0, len(s.Plan.Archives))
	for _, a := range s.Plan.Archives {
		manifest := filepath.Join(s.Dirs.W, filepath.FromSlash(a.Dir), "Cargo.toml")
		b := BuiltArchive{Archive: a, Path: out.archives[manifest]}
		if b.Path == "" {
			return nil, fmt.Errorf("cargo built no static library of %s", a.Crate)
		}
		if b.Link.Symbols, err = linkSymbols(b.Path, wanted); err != nil {
			return nil, err
		}
		b.Link.NativeLibs = append([]string{}, out.nativeLibs[manifest]...)
		list = append(list, b)
	}
	return list, nil
}

// runCargo runs the one cargo build.
func (s *State) runCargo(ctx context.Context) (*output, error) {
	env, err := s.buildEnvironment()
	if err != nil {
		return nil, err
	}
	args := []string{
		"build", "--lib", "--offline", "--locked",
		"--manifest-path", s.Dirs.Manifest(), "--config", s.Dirs.Config(), "--target-dir", s.Dirs.Target(),
		"--profile", s.Profile,
	}
	for _, a := range s.Plan.Archives {
		args = append(args, "--package", a.Crate)
	}
	if s.Target != "" {
		args = append(args, "--target", s.Target)
	}
	if s.Jobs != "" {
		args = append(args, "--jobs", s.Jobs)
	}
	format := "json"
	if s.Term.Color() {
		format = "json-diagnostic-rendered-ansi"
		args = append(args, "--color", "always")
	}
	args = append(args, "--message-format", format)
	s.Term.Detail("run: cargo %s", strings.Join(args, " "))
	cmd := s.Cargo.Command(ctx, env, args...)
	var said bytes.Buffer // cargo's own words: progress, and errors that are no rustc diagnostics
	cmd.Stderr = &said
	if s.Term.Verbose() || s.Term.Live() {
		cmd.Stderr = io.MultiWriter(&said, os.Stderr)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	umask := syscall.Umask(0o022) // what build scripts write is the same for every user
	err = cmd.Start()
	syscall.Umask(umask)
	if err != nil {
		return nil, problem.New(problem.Input, "cargo does not start: %w", err).Hint("name another cargo with --cargo")
	}
	out, readErr := readMessages(pipe, s.Dirs.Generated, s.show)
	if out != nil {
		out.scripts = scriptOutputs(out.outDirs)
		out.variables = askedVariables(out, cmd.Env)
	}
	runErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case runErr != nil:
		return nil, s.cargoFailure(ctx, out, said.String())
	}
	return out, readErr
}

// show passes a diagnostic on. Errors always; warnings only of trees that the
// user is working on. A tree of the root is named as its author knows it. shown tells
// whether it was passed on.
func (s *State) show(manifest, level, rendered string) (shown bool) {
	pkg := s.Dirs.BindingOf(manifest)
	var tree *bindings.Tree
	for _, t := range s.Plan.Trees() {
		if t.Package == pkg {
			tree = t
		}
	}
	if level != "error" && !s.Term.Verbose() && (tree == nil || tree.Origin == bindings.Installed) {
		return false
	}
	s.Term.Pass(s.authorsPaths(rendered))
	return true
}

var spanArrow = regexp.MustCompile(`(--> |::: )(\x1b\[[0-9;]*m)?rust-bindings/([^/\s]+)/`)

// authorsPaths puts the author's own directory in place of the name under which
// a tree of the root stands in the archive, so that an editor can open the file.
func (s *State) authorsPaths(rendered string) string {
	return spanArrow.ReplaceAllStringFunc(rendered, func(m string) string {
		parts := spanArrow.FindStringSubmatch(m)
		for _, t := range s.Plan.Trees() {
			if t.Package == parts[3] && t.Origin != bindings.Installed {
				return parts[1] + parts[2] + t.Shown + "/"
			}
		}
		return m
	})
}

// cargoFailure says which opam package owns the crates that failed, after the
// compiler's own words, which the user has seen by now.
func (s *State) cargoFailure(ctx context.Context, out *output, said string) error {
	if !s.Term.Verbose() && !s.Term.Live() {
		s.Term.Pass(withoutProgress(said))
	}
	if err := s.verdict(ctx, said, out); err != nil {
		return err
	}
	var failed []string
	if out != nil {
		failed = out.failed
	}
	if m := failedPackage.FindStringSubmatch(said); len(failed) == 0 && m != nil {
		failed = []string{s.manifestOf(m[1], m[2], m[3])}
	}
	for _, manifest := range failed {
		for _, n := range s.Graph.Packages {
			if n.Manifest != manifest || len(s.Graph.Owners(n.ID)) == 0 {
				continue
			}
			dir := filepath.Dir(manifest)
			for _, t := range s.Plan.Trees() {
				if t.Package == s.Dirs.BindingOf(manifest) {
					return problem.New(problem.Build, "its Rust code does not build (the error is above)").In(t.Package).At(t.Shown, 0).
						Hint("the source that was compiled is in %s", dir)
				}
			}
			return problem.New(problem.Build, "its crate %s %s does not build (the error is above)", n.Name, n.Version).In(strings.Join(s.Graph.Owners(n.ID), ", ")).
				Hint("the source that was compiled is in %s", dir).
				Hint("which of its crates want it: opam-cargo why %s", n.Name)
		}
	}
	return problem.New(problem.Build, "cargo failed (its error is above)").
		Hint("the workspace that was built is in %s; see every step with -v", s.Dirs.W)
}

// failedPackage finds the package whose build script failed: name, version, and of a
// path crate its directory.
var failedPackage = regexp.MustCompile("error: (?:failed to run custom build command for|could not compile) `([^ `]+) v([^ `]+)(?: \\(([^)]+)\\))?`")

// manifestOf is the manifest of a package as cargo names it; empty where there is none.
func (s *State) manifestOf(name, version, dir string) string {
	if dir != "" {
		return filepath.Join(dir, "Cargo.toml")
	}
	for _, n := range s.Graph.Packages {
		if n.Name == name && n.Version == version {
			return n.Manifest
		}
	}
	return ""
}

// withoutProgress leaves out the lines that only tell how far cargo got.
func withoutProgress(said string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(said, "\n") {
		if !term.IsProgress(line) {
			b.WriteString(line)
		}
	}
	return b.String()
}
