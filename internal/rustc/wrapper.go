// Package rustc is the hidden command that cargo runs in place of rustc
// (RUSTC_WRAPPER). It adds --remap-path-prefix, so that no path of the machine
// gets into the archive, and lets rustc tell which libraries an archive needs
// (FACTS F11). RUSTFLAGS would do the same, but cargo fingerprints it,
// and a build in another directory would compile everything again (FACTS F9, F10).
package rustc

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Name is the program name under which the tool is the wrapper.
const Name = "opam-cargo-rustc"

// Variable is the environment variable that carries the [Remap].
const Variable = "OPAM_CARGO_RUSTC_REMAP"

// Remap is what the wrapper adds to a compilation.
type Remap struct {
	Names    [][2]string `json:"names"`             // path prefix, name in its place
	Capped   string      `json:"capped"`            // crates below it get --cap-lints=warn
	Archives []string    `json:"archives"`          // directories of crates that become archives: rustc tells what these need
	Wrapper  string      `json:"wrapper,omitempty"` // a program such as sccache to run rustc through
}

// String encodes r for [Variable].
func (r Remap) String() string {
	text, err := json.Marshal(r)
	if err != nil { // strings only
		panic(err)
	}
	return string(text)
}

// Run is the wrapper: args are the path of rustc and its arguments. It does not
// return unless rustc cannot be started.
func Run(args []string) error {
	if len(args) == 0 {
		return errors.New("the rustc wrapper is for cargo to call, with the path of rustc")
	}
	var r Remap
	if err := json.Unmarshal([]byte(os.Getenv(Variable)), &r); err != nil {
		return fmt.Errorf("%s: %w", Variable, err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	argv := append([]string{args[0]}, r.arguments(args[1:], cwd)...)
	if r.Wrapper != "" {
		argv = append([]string{r.Wrapper}, argv...)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, argv, os.Environ())
}

// arguments is what rustc, run in cwd, gets. Questions about the compiler itself
// (no --crate-name) stay as they are: cargo keeps their answers.
func (r Remap) arguments(args []string, cwd string) []string {
	compile, capped, source := false, false, ""
	for i, a := range args {
		switch {
		case a == "--crate-name":
			compile = true
		case strings.HasPrefix(a, "--cap-lints"):
			capped = true
		case strings.HasSuffix(a, ".rs") && (i == 0 || !strings.HasPrefix(args[i-1], "-") || strings.HasPrefix(args[i-1], "--edition")):
			source = a
		}
	}
	if !compile || source == "" {
		return args
	}
	out := append([]string{}, args...)
	if !filepath.IsAbs(source) {
		source = filepath.Join(cwd, source)
	}
	if !capped && strings.HasPrefix(source, r.Capped+string(filepath.Separator)) {
		out = append(out, "--cap-lints=warn")
	}
	for _, dir := range r.Archives {
		if filepath.Dir(source) == filepath.Join(dir, "src") {
			out = append(out, "--print=native-static-libs")
		}
	}
	for _, n := range r.Names {
		out = append(out, "--remap-path-prefix="+n[0]+"="+n[1])
	}
	return out
}
