package reproduce

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// system are the places of compilers, linkers and libraries, read-only for the build. Of
// /etc it gets what the loader and the compilers read.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix", "/gnu", "/run/current-system",
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/passwd", "/etc/group", "/etc/localtime",
	"/etc/profiles", "/etc/static",
}

// isolates tells whether bubblewrap works here.
func isolates(ctx context.Context) bool {
	return exec.CommandContext(ctx, "bwrap", "--ro-bind", "/", "/", "--unshare-net", "--proc", "/proc", "--dev", "/dev", "true").Run() == nil
}

// isolated is a command line that runs another one in bubblewrap: without network, in a
// file system that has what the build needs, read-only, and the scratch directory.
func (c *Scratch) isolated(self string, command []string) []string {
	wrap := []string{"bwrap", "--unshare-net", "--unshare-ipc", "--die-with-parent", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"}
	var seen []string
	show := func(dirs ...string) {
		for _, dir := range dirs {
			dir = filepath.Clean(dir)
			// A directory that holds the user's home is not shown for the sake of one below it.
			if !filepath.IsAbs(dir) || slices.Contains(seen, dir) || !tree.Exists(dir) || holds(dir, c.subject.Getenv("HOME")) {
				continue
			}
			seen = append(seen, dir)
		}
	}
	show(system...)
	show(c.programs()...)
	show(c.prefix, self, rustupHome(c.subject.Getenv))
	for _, name := range []string{"registry", "git"} { // what was downloaded; neither configuration nor credentials
		show(filepath.Join(cargo.UserHome(c.subject.Getenv), name))
	}
	show(c.reads...)
	for _, dir := range filepath.SplitList(c.subject.Getenv("PATH")) {
		show(dir)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			show(real)
		}
	}
	slices.Sort(seen) // a directory before what is in it
	last := ""
	for _, dir := range seen {
		if _, below := tree.Below(last, dir); last != "" && below {
			continue // it shows already
		}
		last = dir
		wrap = append(wrap, "--ro-bind", dir, dir)
	}
	wrap = append(wrap, "--bind", c.dir, c.dir, "--remount-ro", "/", "--chdir", c.root(), "--")
	return append(wrap, command...)
}

// programs are those that a build runs, the directories that they are in, and where links
// lead: DIR/bin/rustc has its libraries in DIR/lib.
func (c *Scratch) programs() (places []string) {
	getenv := c.subject.Getenv
	names := strings.Fields(getenv("CC") + " " + getenv("CXX") + " " + getenv("SHELL"))
	names = append(names, c.cargo, getenv("OPAM_CARGO_CARGO"), "cargo", "rustc", "cc", "ocamlc")
	for _, name := range names {
		file, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if file, err = filepath.Abs(file); err != nil {
			continue
		}
		places = append(places, file, filepath.Dir(file))
		if real, err := filepath.EvalSymlinks(file); err == nil {
			if places = append(places, real); filepath.Base(filepath.Dir(real)) == "bin" {
				places = append(places, filepath.Dir(filepath.Dir(real)))
			}
		}
	}
	return places
}

func rustupHome(getenv func(string) string) string {
	if home := getenv("RUSTUP_HOME"); home != "" {
		return home
	}
	return filepath.Join(getenv("HOME"), ".rustup")
}

// holds tells whether a directory is another one or above it.
func holds(dir, other string) bool {
	_, below := tree.Below(dir, other)
	return other != "" && below || dir == "/"
}

// command is a command in the scratch directory, with the environment of the build: as
// opam has it, without the settings of another program's build, and with an empty HOME.
func (c *Scratch) command(ctx context.Context, self, name string, args ...string) *exec.Cmd {
	all := append([]string{name}, args...)
	if c.isolate {
		all = c.isolated(self, all)
	}
	cmd := exec.CommandContext(ctx, all[0], all[1:]...)
	cmd.Dir = c.root()
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "OPAM_CARGO_") && name != "OPAM_CARGO_CARGO", strings.HasPrefix(name, "OPAM_PACKAGE_"),
			strings.HasPrefix(name, "DUNE_"), name == "INSIDE_DUNE":
		case name == "HOME", name == "TMPDIR", name == "RUSTUP_HOME", name == "CARGO_HOME":
		case name == "PATH" && c.prefix != "":
			cmd.Env = append(cmd.Env, "PATH="+filepath.Join(c.prefix, "bin")+string(os.PathListSeparator)+value)
		default:
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+filepath.Join(c.dir, "home"), "TMPDIR="+filepath.Join(c.dir, "tmp"),
		"RUSTUP_HOME="+rustupHome(c.subject.Getenv), "CARGO_HOME="+cargo.UserHome(c.subject.Getenv))
	cmd.Env = append(cmd.Env, c.env...)
	return cmd
}
