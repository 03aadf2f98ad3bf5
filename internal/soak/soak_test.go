// Package soak builds programs from random sets of bindings and compares what they
// print with what a model of the sets says: a program is right, or refused with a
// message that names an owner; never a raw linker error, never a silent duplicate.
package soak

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A crate is a path crate that several bindings may carry: a counter, and the sum of
// the counters below it.
type crate struct {
	name, version string
	variant       int // of its content
	deps          []*crate
	extra         bool // the binding turns on its feature
}

// identity is what makes two copies one crate: all that cargo and rustc see of it.
func (c *crate) identity() string {
	id := fmt.Sprintf("%s %s v%d", c.name, c.version, c.variant)
	for _, d := range c.deps {
		id += " (" + d.identity() + ")"
	}
	return id
}

type binding struct {
	pkg      string
	ffi      string // name of the exported crate
	lib      string // its lib name; empty: as cargo makes it
	types    string
	nested   bool // a workspace with inheritance, the exported crate in ffi/
	rename   bool // dependency keys unlike the crates' names
	crates   []*crate
	symbol   string
	links    string // of the exported crate
	vendored string // directory of the path crates
}

// generate makes a random set. Small pools of names make them meet.
func generate(r *rand.Rand) []*binding {
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	var set []*binding
	for i, n := 0, 2+r.Intn(4); i < n; i++ {
		b := &binding{
			pkg: fmt.Sprintf("pkg%d%s", i, pick("", "-rs", "_x", "+y")), ffi: pick("ffi", "core", fmt.Sprintf("own%d-ffi", i)),
			lib: pick("", "", "rusty", "shared"), types: pick(`"staticlib"`, `"cdylib"`, `"staticlib", "cdylib"`, `"staticlib", "rlib"`),
			nested: r.Intn(2) == 0, rename: r.Intn(3) == 0, symbol: fmt.Sprintf("probe_%d", i), vendored: pick("crates", "vendor", "a b"),
		}
		if i > 0 && r.Intn(12) == 0 {
			b.symbol = set[0].symbol
		}
		if r.Intn(8) == 0 {
			b.links = pick("native", "other")
		}
		for k := 0; k < 3; k++ {
			if r.Intn(3) == 0 {
				continue
			}
			c := &crate{name: fmt.Sprintf("common%d", k), version: pick("1.0.0", "1.0.0", "1.1.0", "2.0.0"), variant: r.Intn(5) / 4, extra: r.Intn(4) == 0}
			if k > 0 && len(b.crates) > 0 && r.Intn(2) == 0 {
				c.deps = append(c.deps, b.crates[r.Intn(len(b.crates))])
			}
			b.crates = append(b.crates, c)
		}
		set = append(set, b)
	}
	return set
}

// clash is a C symbol that two crates of the set define, unless they are one crate.
func clash(set []*binding) string {
	owner := map[string]string{}
	for _, b := range set {
		id := b.identity()
		if old, ok := owner[b.symbol]; ok && old != id {
			return b.symbol
		}
		owner[b.symbol] = id
	}
	return ""
}

// linksClash is a links key that two exported crates claim, unless they are one crate.
func linksClash(set []*binding) string {
	owner := map[string]string{}
	for _, b := range set {
		id := b.identity()
		if old, ok := owner[b.links]; ok && old != id && b.links != "" {
			return b.links
		}
		owner[b.links] = id
	}
	return ""
}

// identity of the exported crate: two that are equal in all are one.
func (b *binding) identity() string {
	id := fmt.Sprint(b.ffi, " ", b.lib, b.types, b.rename, b.symbol, b.links)
	for _, c := range b.crates {
		id += fmt.Sprintf(" (%s %t)", c.identity(), c.extra)
	}
	return id
}

// expected runs the program on the model: every binding calls next() of its crates.
func expected(set []*binding) string {
	counters := map[string]int64{}
	extra := map[string]bool{} // features are united over all that use a crate
	for _, b := range set {
		for _, c := range b.crates {
			extra[c.identity()] = extra[c.identity()] || c.extra
		}
	}
	var next func(c *crate) int64
	next = func(c *crate) int64 {
		counters[c.identity()]++
		sum := counters[c.identity()]*10 + int64(c.variant)
		if extra[c.identity()] {
			sum += 5
		}
		for _, d := range c.deps {
			sum += 1000 * next(d)
		}
		return sum
	}
	var out []string
	for round := 0; round < 2; round++ {
		for _, b := range set {
			sum := int64(0)
			for _, c := range b.crates {
				sum += next(c)
			}
			out = append(out, strconv.FormatInt(sum, 10))
		}
	}
	return strings.Join(out, " ")
}

func (b *binding) write(prefix string) error {
	dir := filepath.Join(prefix, "rust-bindings", b.pkg)
	ffiDir, up := "", ""
	if b.nested {
		ffiDir, up = "ffi", "../"
	}
	lib := fmt.Sprintf("[lib]\ncrate-type = [%s]\n", b.types)
	if b.lib != "" {
		lib += fmt.Sprintf("name = %q\n", b.lib)
	}
	files := map[string]string{}
	more := ""
	if b.links != "" {
		more = fmt.Sprintf("links = %q\n", b.links)
		files[filepath.Join(ffiDir, "build.rs")] = "fn main() {}\n"
	}
	head := fmt.Sprintf("[package]\nname = %q\nversion = \"0.1.0\"\nedition = \"2021\"\n%s", b.ffi, more)
	if b.nested {
		head = fmt.Sprintf("[package]\nname = %q\nversion.workspace = true\nedition.workspace = true\n%s", b.ffi, more)
		files["Cargo.toml"] = "[workspace]\nmembers = [\"ffi\"]\nresolver = \"2\"\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2021\"\n"
	}
	manifest, code := head+lib+"[dependencies]\n", ""
	for i, c := range b.crates {
		key := c.name
		if b.rename {
			key = fmt.Sprintf("dep%d", i)
		}
		features := ""
		if c.extra {
			features = ", features = [\"extra\"]"
		}
		manifest += fmt.Sprintf("%s = { package = %q, path = %q%s }\n", key, c.name, up+b.vendored+"/"+c.name, features)
		code += " + " + strings.ReplaceAll(key, "-", "_") + "::next()"
		files[filepath.Join(b.vendored, c.name, "Cargo.toml")] = c.manifest()
		files[filepath.Join(b.vendored, c.name, "src", "lib.rs")] = c.code()
	}
	files[filepath.Join(ffiDir, "Cargo.toml")] = manifest
	files[filepath.Join(ffiDir, "src", "lib.rs")] = fmt.Sprintf("#[no_mangle] pub extern \"C\" fn %s(_: i64) -> i64 { 0%s }\n", b.symbol, code)
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(prefix, ".opam-switch", "packages", b.pkg+".1", "opam"), "opam-version: \"2.0\"\n")
}

func (c *crate) manifest() string {
	text := fmt.Sprintf("[package]\nname = %q\nversion = %q\nedition = \"2021\"\n[features]\nextra = []\n[dependencies]\n", c.name, c.version)
	for _, d := range c.deps {
		text += fmt.Sprintf("%s = { path = \"../%s\" }\n", d.name, d.name)
	}
	return text
}

func (c *crate) code() string {
	below := ""
	for _, d := range c.deps {
		below += " + 1000 * " + d.name + "::next()"
	}
	return fmt.Sprintf("use std::sync::atomic::{AtomicI64, Ordering};\nstatic N: AtomicI64 = AtomicI64::new(0);\n"+
		"pub fn next() -> i64 { (N.fetch_add(1, Ordering::SeqCst) + 1) * 10 + %d + if cfg!(feature = \"extra\") { 5 } else { 0 }%s }\n", c.variant, below)
}

func writeFile(name, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644))
}

// TestSoak builds OPAM_CARGO_SOAK random sets (default 6) from the seed
// OPAM_CARGO_SOAK_SEED (default 1).
func TestSoak(t *testing.T) {
	sets, seed := number(t, "OPAM_CARGO_SOAK", 6), number(t, "OPAM_CARGO_SOAK_SEED", 1)
	tool := filepath.Join(t.TempDir(), "opam-cargo")
	if out, err := exec.Command("go", "build", "-o", tool, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	refused := 0
	for i := 0; i < sets; i++ {
		s := int64(seed + i)
		t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) {
			if soak(t, tool, generate(rand.New(rand.NewSource(s)))) {
				refused++
			}
		})
	}
	t.Logf("%d sets, %d of them refused", sets, refused)
}

// soak builds and runs one set and tells whether it was refused, as it had to be.
func soak(t *testing.T, tool string, set []*binding) bool {
	dir := t.TempDir()
	prefix, root := filepath.Join(dir, "prefix"), filepath.Join(dir, "pack")
	depends, ml := "", ""
	var calls []string
	for i, b := range set {
		if err := b.write(prefix); err != nil {
			t.Fatal(err)
		}
		depends += fmt.Sprintf(" %q", b.pkg)
		ml += fmt.Sprintf("external f%d : (int [@untagged]) -> (int [@untagged]) = \"no\" %q [@@noalloc]\n", i, b.symbol)
		calls = append(calls, fmt.Sprintf("p (f%d 0)", i))
	}
	ml += "let out = ref []\nlet p n = out := string_of_int n :: !out\nlet () = for _ = 1 to 2 do " + strings.Join(calls, "; ") + " done; print_string (String.concat \" \" (List.rev !out))\n"
	if err := errors.Join(writeFile(filepath.Join(root, "pack.opam"), "opam-version: \"2.0\"\ndepends: ["+depends+" ]\n"), writeFile(filepath.Join(root, "main.ml"), ml)); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run(tool, "build", "--prefix", prefix)
	var exit *exec.ExitError
	if key := linksClash(set); key != "" {
		if !errors.As(err, &exit) || exit.ExitCode() != 4 || !strings.Contains(out, "claim the native library ") || !strings.Contains(out, "(of pkg") && !strings.Contains(out, "one of pkg") {
			t.Errorf("%s is claimed twice, and the tool said, with %v:\n%s", key, err, out)
		}
		return true
	}
	if symbol := clash(set); symbol != "" {
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out, "the symbol "+symbol+" is defined twice: by crate ") || !strings.Contains(out, "(of "+set[0].pkg) {
			t.Errorf("%s is defined twice, and the tool said, with %v:\n%s", symbol, err, out)
		}
		return true
	}
	if err != nil {
		t.Errorf("not built: %v\n%s", err, out)
		return false
	}
	flags, err := run(tool, "flags")
	if err != nil {
		t.Fatalf("flags: %v\n%s", err, flags)
	}
	if out, err := run("ocamlfind", append([]string{"ocamlopt", "-package", "str", "main.ml", "-o", "main"}, strings.Fields(flags)...)...); err != nil {
		t.Errorf("not linked: %v\n%s", err, out)
		return false
	}
	got, err := run("./main")
	if want := expected(set); err != nil || got != want {
		t.Errorf("the program printed %s, want %s (%v); the tool said:\n%s", got, want, err, out)
	}
	return false
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
