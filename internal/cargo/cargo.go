// Package cargo runs cargo ([Find], [Cargo.Command], [Cargo.Resolved]) apart from everything
// on the user's machine that could change what it does: its own CARGO_HOME, the working
// directory "/" (where neither a .cargo/config.toml nor a rust-toolchain file of the user's
// is found), no variable that cargo or rustc read, no network. All steps of the pipeline
// that run cargo do it here, and all that is read in cargo's and rustc's English is read
// here, in words.go and conflict.go. It knows nothing of bindings.
package cargo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/opam-cargo/opam-cargo/internal/keeper"
	"github.com/opam-cargo/opam-cargo/internal/lock"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Oldest is the oldest cargo that the generated workspace works with: the first
// with workspace inheritance that can be trusted (docs/facts.md#path-dependencies).
const Oldest = "1.65"

// Cargo is a checked cargo program with the environment to run it in.
type Cargo struct {
	Path    string // the program
	home    string
	version *checked // see [Cargo.Check]
	env     []string
	rustc   *asked // see [Cargo.Rustc]

	lock     lock.Handle
	progress io.Writer // of an [Cargo.Online]; may be nil
}

// checked is what cargo said of itself, once.
type checked struct {
	once    sync.Once
	version string
	err     error
}

// asked is what rustc said of itself, once.
type asked struct {
	once sync.Once
	info map[string]string
	err  error
}

// Online is c with the user's own cargo home and configuration (mirrors, proxies,
// credentials) and with the network: to resolve and download, never to build. What it
// says meanwhile is also written to progress.
func (c *Cargo) Online(userHome string, progress io.Writer) *Cargo {
	o := *c
	o.home = userHome
	o.progress = progress
	o.env = nil
	for _, kv := range c.env {
		if !strings.HasPrefix(kv, "CARGO_") {
			o.env = append(o.env, kv)
		}
	}
	for _, kv := range os.Environ() {
		for _, prefix := range []string{"CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"} {
			if strings.HasPrefix(kv, prefix) {
				o.env = append(o.env, kv)
			}
		}
	}
	o.env = append(o.env, "CARGO_HOME="+userHome)
	if os.Getenv("CARGO_NET_RETRY") == "" {
		o.env = append(o.env, "CARGO_NET_RETRY=1") // no network is soon known
	}
	return &o
}

// Holding lets what c runs hold a lock.
func (c *Cargo) Holding(held lock.Handle) { c.lock = held }

// Fetch downloads the crates of the lock beside manifest into the cargo home.
func (c *Cargo) Fetch(ctx context.Context, manifest string) error {
	_, err := c.output(ctx, "fetch", "--manifest-path", manifest)
	return err
}

// Find looks for cargo (program, else on PATH). home becomes its CARGO_HOME; toolchain, if
// not empty, its RUSTUP_TOOLCHAIN. Nothing is run yet: see [Cargo.Check].
func Find(program, home, toolchain string) (*Cargo, error) {
	if program == "" {
		program = "cargo"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, problem.New(problem.Input, "cargo is not there: %w", err).
			Hint("install Rust: %s, or see your distribution; inside opam's sandbox cargo must be below a directory that the sandbox shows (with opam 2.1, OPAM_USER_PATH_RO=\"$HOME/.cargo:$HOME/.rustup\")", "opam install conf-rust-2021").
			Hint("or name the program with --cargo or OPAM_CARGO_CARGO")
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if err := noConfig("/"); err != nil {
		return nil, err
	}
	c := &Cargo{Path: path, home: home, version: &checked{}, rustc: &asked{}}
	c.env = environment(os.Environ(), home, toolchain)
	if filepath.Base(program) != program {
		// A cargo named by its path goes with the rustc beside it.
		if rustc := filepath.Join(filepath.Dir(path), "rustc"); isFile(rustc) {
			c.env = append(c.env, "RUSTC="+rustc)
		}
	}
	return c, nil
}

// Check tells whether cargo runs and is not older than [Oldest]. Every command of it is
// checked first.
func (c *Cargo) Check(ctx context.Context) error {
	c.version.once.Do(func() { c.version.version, c.version.err = c.askVersion(ctx) })
	return c.version.err
}

// Version is such as "1.95.0"; empty where [Cargo.Check] fails.
func (c *Cargo) Version(ctx context.Context) string {
	if c.Check(ctx) != nil {
		return ""
	}
	return c.version.version
}

func (c *Cargo) askVersion(ctx context.Context) (string, error) {
	out, err := c.run(ctx, "--version")
	if err != nil {
		return "", problem.New(problem.Input, "%s does not run", c.Path).Quote(failure(out, err)).
			Hint("if this is rustup's proxy, install a toolchain: rustup default stable; otherwise name another cargo with --cargo")
	}
	version := ""
	if fields := strings.Fields(string(out)); len(fields) > 1 {
		version = fields[1]
	}
	if !AtLeast(version, Oldest) {
		return "", problem.New(problem.Input, "%s is cargo %s; opam-cargo needs cargo %s or later", c.Path, version, Oldest).
			Hint("install a newer Rust (rustup update stable, or your distribution's newer package), or name another cargo with --cargo")
	}
	return version, nil
}

// AtLeast compares the numbers of a Rust release with those of min, as cargo does for a
// rust-version: what min lacks is zero, and a nightly or beta counts as the release that
// it leads to.
func AtLeast(version, min string) bool {
	a, b := numbers(version), numbers(min)
	return slices.Compare(a[:], b[:]) >= 0
}

func numbers(version string) (n [3]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		fmt.Sscanf(part, "%d", &n[i]) //nolint:errcheck // what is no number is zero
	}
	return n
}

// environment is env without what cargo, rustc and rustup's proxies would take
// from the user (docs/facts.md#the-environment); HOME, PATH and RUSTUP_* stay.
func environment(env []string, home, toolchain string) []string {
	var kept []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case scrubbed(name):
		case name == "RUSTUP_TOOLCHAIN" && toolchain != "":
		default:
			kept = append(kept, kv)
		}
	}
	kept = append(kept, "CARGO_HOME="+home, "CARGO_NET_OFFLINE=true", "RUSTUP_AUTO_INSTALL=0")
	if toolchain != "" {
		kept = append(kept, "RUSTUP_TOOLCHAIN="+toolchain)
	}
	return kept
}

// Environment is that of a cargo run, with extra variables.
func (c *Cargo) Environment(extra ...string) []string {
	return append(slices.Clone(c.env), extra...)
}

// Command prepares a cargo run in the directory "/". It ends with ctx and with the tool,
// and all that it has begun ends with it; see [keeper.Command].
func (c *Cargo) Command(ctx context.Context, o keeper.Options, args ...string) (*keeper.Cmd, error) {
	cmd, err := keeper.Command(ctx, o, c.Path, args...)
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Env = "/", c.env
	return cmd, nil
}

// output runs cargo and returns its standard output; the error carries what it
// wrote on standard error.
func (c *Cargo) output(ctx context.Context, args ...string) ([]byte, error) {
	if err := c.Check(ctx); err != nil {
		return nil, err
	}
	return c.run(ctx, args...)
}

func (c *Cargo) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd, err := c.Command(ctx, keeper.Options{Lock: c.lock}, args...)
	if err != nil {
		return nil, err
	}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if c.progress != nil {
		cmd.Stderr = io.MultiWriter(&errOut, c.progress)
	}
	if err := os.MkdirAll(c.home, 0o755); err != nil {
		return nil, err
	}
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return out.Bytes(), &Failure{Args: args, Stderr: errOut.String(), Err: err}
	}
	return out.Bytes(), nil
}

// Failure is a cargo that ended with an error.
type Failure struct {
	Args   []string
	Stderr string
	Err    error
}

func (f *Failure) Error() string {
	return "cargo " + f.Args[0] + ": " + f.Err.Error() + ": " + strings.TrimSpace(f.Stderr)
}

func (f *Failure) Unwrap() error { return f.Err }

func failure(out []byte, err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return strings.TrimSpace(string(out) + f.Stderr)
	}
	return err.Error()
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// Rustc returns what `rustc -vV` of this cargo's toolchain prints, as its
// key-value lines: release, host, commit-hash and so on.
func (c *Cargo) Rustc(ctx context.Context) (map[string]string, error) {
	c.rustc.once.Do(func() { c.rustc.info, c.rustc.err = c.askRustc(ctx) })
	return c.rustc.info, c.rustc.err
}

func (c *Cargo) askRustc(ctx context.Context) (map[string]string, error) {
	rustc := "rustc"
	for _, kv := range c.env {
		if v, ok := strings.CutPrefix(kv, "RUSTC="); ok {
			rustc = v
		}
	}
	cmd := exec.CommandContext(ctx, rustc, "-vV")
	cmd.Dir, cmd.Env = "/", c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, problem.New(problem.Input, "rustc does not run: %w", err).Quote(string(out)).
			Hint("install rustc from where cargo comes from: rustup, or the distribution's package rustc")
	}
	info := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if k, v, ok := strings.Cut(line, ": "); ok {
			info[k] = v
		}
	}
	return info, nil
}
