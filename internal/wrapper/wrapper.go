// Package wrapper is what cargo and build scripts run in place of the compilers: the
// tool under other names. For rustc (RUSTC_WRAPPER) it adds --remap-path-prefix, so
// that no path of the machine gets into the archive, and lets rustc tell which
// libraries an archive needs (docs/facts.md#native-libraries). RUSTFLAGS would do the same, but cargo
// fingerprints it, and a build in another directory would compile everything again
// (docs/facts.md#paths-in-the-archive). For C (CC, CXX) it adds -ffile-prefix-map: rustc's remapping does
// not reach __FILE__, and a path in CFLAGS would make build scripts run again.
package wrapper

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/lock"
)

// The program names under which the tool is a wrapper.
const (
	Rustc = "opam-cargo-rustc"
	CC    = "opam-cargo-cc"
	CXX   = "opam-cargo-c++"
)

// Names are all of them.
func Names() []string { return []string{Rustc, CC, CXX} }

// Variable is the environment variable that carries the [Remap].
const Variable = "OPAM_CARGO_REMAP"

// Remap is what the wrapper adds to a compilation.
type Remap struct {
	Names    [][2]string `json:"names"`             // path prefix, name in its place
	Capped   string      `json:"capped"`            // crates below it get --cap-lints=warn
	Archives []string    `json:"archives"`          // directories of crates that become archives: rustc tells what these need
	Wrapper  string      `json:"wrapper,omitempty"` // a program such as sccache to run rustc through
	Lock     lock.Handle `json:"lock"`              // on W
}

// String encodes r for [Variable].
func (r Remap) String() string {
	text, err := json.Marshal(r)
	if err != nil { // strings only
		panic(err)
	}
	return string(text)
}

// Run is the wrapper called name. args are for rustc the path of rustc and its
// arguments, else those of a C compiler, with the compiler first where it is not the
// usual one. It does not return unless the compiler cannot be started.
func Run(name string, args []string) error {
	var r Remap
	if err := json.Unmarshal([]byte(os.Getenv(Variable)), &r); err != nil {
		return fmt.Errorf("%s: %w", Variable, err)
	}
	argv := r.c(name, args)
	if name == Rustc {
		if len(args) == 0 {
			return errors.New("the rustc wrapper is for cargo to call, with the path of rustc")
		}
		cwd, err := os.Getwd()
		if err != nil {
			return err
		}
		argv = append([]string{args[0]}, r.rustc(args[1:], cwd)...)
		if r.Wrapper != "" {
			return r.behind(argv)
		}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, argv, os.Environ())
}

// behind runs rustc through the wrapper, and ends with its exit code. The wrapper may start a
// server, which lives on: it does not get the lock, which we have until it has answered.
func (r Remap) behind(argv []string) error {
	r.Lock.Keep()
	cmd := exec.Command(r.Wrapper, argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			os.Exit(128 + int(status.Signal()))
		}
		os.Exit(exit.ExitCode())
	}
	if err == nil {
		os.Exit(0)
	}
	return err
}

// source matches what a compiler works on, unlike a compiler.
var source = regexp.MustCompile(`\.(?:c|cc|cpp|cxx|C|m|mm|s|S|i|o|a)$`)

// c is the command line of a C compiler that is called as one of the names.
func (r Remap) c(name string, args []string) []string {
	argv := []string{strings.TrimPrefix(name, "opam-cargo-")}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !source.MatchString(args[0]) {
		argv, args = []string{args[0]}, args[1:]
	}
	argv = append(argv, args...)
	for _, n := range r.Names {
		if filepath.IsAbs(n[0]) {
			argv = append(argv, "-ffile-prefix-map="+n[0]+"="+n[1])
		}
	}
	return argv
}
