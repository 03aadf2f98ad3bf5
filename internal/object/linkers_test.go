package object

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

// Each linker makes an object that a program can be linked with, or none: no other answer
// is taken. Nix's ld is a shell script around GNU's.
func TestLinkers(t *testing.T) {
	dir := t.TempDir()
	file := rust(t, dir, "a", strings.ReplaceAll(everything, "NAME", "a"))
	for name, able := range map[string]bool{"ld.bfd": true, "ld.gold": false, "ld.lld": false, "mold": false, "wrapper": true} {
		t.Run(name, func(t *testing.T) {
			from := name
			if name == "wrapper" {
				from = "ld.bfd"
			}
			ld, err := exec.LookPath(from)
			if err != nil {
				t.Skip("not here")
			}
			bin := t.TempDir()
			for link, to := range map[string]string{"ld": ld, "cc": "/usr/bin/cc", "objcopy": "/usr/bin/objcopy"} {
				text := "#!/bin/sh\nexec " + to + " \"$@\"\n"
				if link == "cc" { // has no linker of its own
					text = "#!/bin/sh\ncase $1 in -print-prog-name=ld) exit;; esac\nexec /usr/bin/cc \"$@\"\n"
				}
				if err := os.WriteFile(filepath.Join(bin, link), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			path := os.Getenv("PATH")
			t.Setenv("PATH", bin)
			out := filepath.Join(dir, name+".a")
			res, err := link(file, out, "a_val", "a_count")
			t.Setenv("PATH", path)
			switch {
			case errors.Is(err, ErrUnable) && !able:
				t.Logf("%v", err)
				return
			case err != nil:
				t.Fatal(err)
			}
			t.Logf("%s", res.Linker)
			program(t, dir, "c", "#include <stdio.h>\nint a_val(int), a_count(void);\nint main(void) { int k = a_val(1); printf(\"%d %d\\n\", k, a_count()); }\n", "611 2", out)
		})
	}
}

// Objects for macOS, as far as can be seen here: symbols with their underscore, weak and
// private ones, constructors; what Apple's linker does with them only a Mac can show. lld's
// links them with the roots exported and the rest stripped.
func TestMachO(t *testing.T) {
	clang, err := exec.LookPath("clang")
	if err != nil {
		t.Skip("no clang")
	}
	dir := t.TempDir()
	src := write(t, dir, "x.c", `extern int outside(void); static int made;
__attribute__((constructor)) static void first(void) { made = outside(); }
__attribute__((weak)) int weak(void) { return 1; }
__attribute__((visibility("hidden"))) int helper(void) { return made; }
int unwanted(void) { return 3; }
int x_val(void) { return helper() + weak() + outside(); }
`)
	for _, target := range []string{"arm64-apple-macos11", "x86_64-apple-macos11"} {
		run(t, dir, clang, "-target", target, "-c", "-O1", "-o", "x.o", src)
		o, err := archive.ReadObject(filepath.Join(dir, "x.o"))
		if err != nil || o.Format != archive.MachO {
			t.Fatalf("%+v, %v", o, err)
		}
		var strong, wanted []string
		for _, s := range o.Symbols {
			switch {
			case s.Clashes():
				strong = append(strong, s.Name)
			case s.Binding == archive.Undefined:
				wanted = append(wanted, s.Name)
			}
		}
		slices.Sort(strong)
		if !slices.Equal(strong, []string{"_helper", "_unwanted", "_x_val"}) || !slices.Contains(wanted, "_outside") {
			t.Errorf("%s: %q, %q", target, strong, wanted)
		}
		if len(o.Starts) == 0 {
			t.Errorf("%s: no constructor", target)
		}
		lld := ""
		for _, pattern := range []string{"/usr/lib/llvm-*/bin/ld64.lld"} {
			if found, _ := filepath.Glob(pattern); len(found) > 0 {
				lld = found[0]
			}
		}
		if lld == "" {
			t.Skip("no ld64.lld")
		}
		arch, _, _ := strings.Cut(target, "-")
		run(t, dir, lld, "-arch", arch, "-platform_version", "macos", "11.0", "11.0", "-dylib", "-dead_strip", "-exported_symbol", "_x_val", "-u", "_x_val",
			"-undefined", "dynamic_lookup", "-o", "x.dylib", "x.o")
		if info, err := os.Stat(filepath.Join(dir, "x.dylib")); err != nil || info.Size() == 0 {
			t.Errorf("%v", err)
		}
	}
}
