package faults

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt sends SIGINT, as Ctrl-C does, and SIGTERM to the tool alone while a
// build script runs: it ends with 130, says nothing wrong, and leaves no process, no
// archive, and nothing that disturbs the next build.
func TestInterrupt(t *testing.T) {
	tool := build(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			w := world{dir: t.TempDir(), tool: tool, cargo: filepath.Join(toolchain(t), "cargo")}
			write(t, w.dir, map[string]string{
				"pack.opam":                          "opam-version: \"2.0\"\n",
				"prefix/.opam-switch/packages/.keep": "",
				"tmp/.keep":                          "",
				"rust/Cargo.toml":                    "[package]\nname = \"own\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"staticlib\"]\n",
				"rust/src/lib.rs":                    "#[no_mangle] pub extern \"C\" fn own() {}\n",
				"rust/build.rs": "fn main() {\n    let slow = std::env::var(\"SLOW\").unwrap_or_default();\n    if slow.is_empty() { return }\n" +
					"    std::fs::write(slow, \"\").unwrap();\n    std::thread::sleep(std::time::Duration::from_secs(600));\n}\n",
			})
			started := filepath.Join(w.dir, "started")
			args := []string{"build", "--root", w.dir, "--prefix", "prefix"}
			cmd := w.command(args...)
			cmd.Env = append(cmd.Env, "SLOW="+started)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if _, err := os.Stat(started); err == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("the build script does not start\n%s", out.String())
				}
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 130 {
				t.Errorf("%v, want exit status 130\n%s", err, out.String())
			}
			if strings.Contains(out.String(), "error: cargo failed") || strings.Contains(out.String(), "internal error") {
				t.Errorf("it blames somebody:\n%s", out.String())
			}
			if left, err := exec.Command("pgrep", "-a", "-f", w.dir).Output(); err == nil {
				t.Errorf("processes are left:\n%s", left)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "rust-bindings")); err == nil {
				t.Error("something was handed over")
			}
			if out, err := w.command(args...).CombinedOutput(); err != nil {
				t.Errorf("and again: %v\n%s", err, out)
			}
		})
	}
}
