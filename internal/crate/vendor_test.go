package crate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// lay writes files below a new directory; a value "-> x" is a link.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if target, isLink := strings.CutPrefix(text, "-> "); isLink {
			err = errors.Join(err, os.Symlink(target, file))
		} else {
			err = errors.Join(err, os.WriteFile(file, []byte(text), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	helloSum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	pkg      = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"
)

func TestReadVendored(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	words := `{"files":{},"package":"Could not get crate checksum"}`
	content, err := ContentSum(lay(t, map[string]string{"Cargo.toml": pkg, ChecksumFile: words}))
	if err != nil || !isSum.MatchString(content) {
		t.Fatalf("the sum of a crate's content: %q, %v", content, err)
	}
	for name, tt := range map[string]struct {
		manifest, sums string
		want           ID
		files          int
		text           string // of the error
		line           int
	}{
		"registry":   {pkg, `{"files":{"x":"12"},"package":"` + sum + `"}`, ID{"a", "1.0.0", sum}, 1, "", 0},
		"words":      {pkg, words, ID{"a", "1.0.0", content}, 0, "", 0},
		"git":        {pkg, `{"files":{},"package":null}`, ID{"a", "1.0.0", ""}, 0, "", 0},
		"git, none":  {pkg, `{"files":{}}`, ID{"a", "1.0.0", ""}, 0, "", 0},
		"project":    {"[project]\nname = \"a\"\n", `{"files":{}}`, ID{"a", "0.0.0", ""}, 0, "", 0},
		"inherited":  {"[package]\nname = \"a\"\nversion.workspace = true\n", `{"files":{}}`, ID{}, 0, "not a string", 0},
		"no package": {"[workspace]\n", `{"files":{}}`, ID{}, 0, "no package name", 0},
		"bad toml":   {"[package]\nname = \n", `{"files":{}}`, ID{}, 0, "manifest", 2},
		"bad json":   {pkg, `{`, ID{}, 0, "not a checksum file", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := lay(t, map[string]string{"Cargo.toml": tt.manifest, ChecksumFile: tt.sums})
			id, files, err := ReadVendored(dir)
			if tt.text == "" {
				if err != nil || id != tt.want || len(files) != tt.files {
					t.Errorf("%v, %v, %v", id, files, err)
				}
				return
			}
			var p *problem.Error
			if !errors.As(err, &p) || !strings.Contains(p.Text, tt.text) || p.Line != tt.line || len(p.Hints) == 0 {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, _, err := ReadVendored(t.TempDir()); err == nil {
		t.Error("an empty directory passes")
	}
}

func TestVerifyVendored(t *testing.T) {
	sums := `{"files":{"src/x":"` + helloSum + `"}}`
	if err := VerifyVendored(lay(t, map[string]string{"src/x": "hello", ChecksumFile: sums}), false); err != nil {
		t.Error(err)
	}
	var many []string
	for i := 0; i < 7; i++ {
		many = append(many, fmt.Sprintf("%q:%q", fmt.Sprintf("m%d", i), helloSum))
	}
	many = append(many, fmt.Sprintf("%q:%q", "../out", helloSum), fmt.Sprintf("%q:%q", "good", helloSum))
	dir := lay(t, map[string]string{"good": "hello", "m0": "changed", ChecksumFile: `{"files":{` + strings.Join(many, ",") + `}}`})
	err := VerifyVendored(dir, false)
	want := dir + ": 8 of 9 files are not as cargo vendor wrote them: ../out (outside), m0, m1 (missing), m2 (missing), m3 (missing), ..."
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// dune copies no directory whose name begins with _ or . : what is missing there is
// no matter, what is different is.
func TestVerifyVendoredAfterDune(t *testing.T) {
	sums := `{"files":{"src/x":"` + helloSum + `","tests/_data/y":"` + helloSum + `",".github/z":"` + helloSum + `"}}`
	if err := VerifyVendored(lay(t, map[string]string{"src/x": "hello", ChecksumFile: sums}), false); err != nil {
		t.Error(err)
	}
	if err := VerifyVendored(lay(t, map[string]string{"src/x": "hello", ".github/z": "changed", ChecksumFile: sums}), false); err == nil {
		t.Error("a changed file passes")
	}
}

// A copy has the form that Unpack gives, through a link to the crate as well
// (docs/facts.md#directory-sources); links that leave the crate are refused and nothing is left.
func TestCopyVendored(t *testing.T) {
	dir := lay(t, map[string]string{
		"Cargo.toml": pkg, ChecksumFile: `{"files":{"x":"12"},"package":"ab"}`,
		"src/lib.rs": "x", "link": "-> src/lib.rs", ".git/HEAD": "x", ".hidden": "h",
	})
	if err := os.Chmod(filepath.Join(dir, "src/lib.rs"), 0o700); err != nil {
		t.Fatal(err)
	}
	alias := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(dir, alias); err != nil {
		t.Fatal(err)
	}
	for sum, content := range map[string]string{"ab": `{"package":"ab","files":{}}`, "": `{"files":{}}`} {
		dest := filepath.Join(t.TempDir(), "new", "a-1.0.0")
		if err := CopyVendored(alias, ID{"a", "1.0.0", sum}, "", dest); err != nil {
			t.Fatal(err)
		}
		check(t, listing(t, dest), "644 .cargo-checksum.json "+content+"\n644 .hidden h\n644 Cargo.toml\n755 .\n755 src\n755 src/lib.rs x\nlink -> src/lib.rs")
	}

	bad := lay(t, map[string]string{"Cargo.toml": pkg, "d/link": "-> ../../x"})
	parent := t.TempDir()
	err := CopyVendored(bad, ID{"a", "1.0.0", ""}, "", filepath.Join(parent, "d"))
	if p, ok := err.(*problem.Error); !ok || p.File != filepath.Join(bad, "d/link") || len(p.Hints) == 0 {
		t.Errorf("got %v", err)
	}
	empty(t, parent)
	if err := CopyVendored(bad+"x", ID{}, "", filepath.Join(parent, "d")); err == nil {
		t.Error("a missing crate was copied")
	}
}

// The name decides nothing (T3), and what tools build is not looked into.
func TestFindVendorDirs(t *testing.T) {
	crate := func(files map[string]string, dir string) {
		files[dir+"/Cargo.toml"], files[dir+"/"+ChecksumFile] = pkg, "{}"
	}
	files := map[string]string{"Cargo.toml": pkg, "vendor/path-crate/Cargo.toml": pkg, "elsewhere/store/x/Cargo.toml": pkg,
		"linked/a": "-> ../elsewhere/real", "loop": "-> .", "vendor/.hidden/Cargo.toml": pkg, "vendor/.hidden/" + ChecksumFile: "{}"}
	for _, dir := range []string{"vendor_external/a", "vendor_external/a/nested/b", "with space/v/a", "_build/v/a", ".git/v/a", "x/_opam/v/a", "target/v/a", "data/target/v/a"} {
		crate(files, dir)
	}
	files["elsewhere/real/Cargo.toml"] = pkg
	files["elsewhere/real/"+ChecksumFile] = "{}"
	root := lay(t, files)
	got, err := FindVendorDirs(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"data/target/v", "elsewhere", "linked", "vendor_external", "with space/v"}
	for i := range want {
		want[i] = filepath.Join(root, want[i])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if IsVendorDir(filepath.Join(root, "vendor")) || !IsVendorDir(want[3]) {
		t.Error("IsVendorDir")
	}
	if got, _ := FindVendorDirs(want[3]); len(got) != 1 || got[0] != want[3] {
		t.Errorf("a vendor directory itself: %v", got)
	}
	if _, err := FindVendorDirs(root + "x"); err == nil {
		t.Error("a missing root passes")
	}
}

// The real cargo packs a crate; unpacked, and copied from there, it is a crate
// of a directory source that the real cargo builds from, with the lock's sum.
func TestCargoBuildsFromIt(t *testing.T) {
	dir := lay(t, map[string]string{
		"leaf/Cargo.toml": "[package]\nname = \"leaf\"\nversion = \"0.3.1\"\nedition = \"2021\"\nlicense = \"MIT\"\ndescription = \"x\"\n",
		"leaf/src/lib.rs": "pub const N: u32 = 1;\n",
		"top/Cargo.toml":  "[package]\nname = \"top\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nleaf = \"0.3\"\n",
		"top/src/lib.rs":  "pub const N: u32 = leaf::N;\n",
	})
	cargo := func(in string, args ...string) {
		t.Helper()
		cmd := exec.Command("cargo", args...)
		cmd.Dir = filepath.Join(dir, in)
		cmd.Env = append(os.Environ(), "CARGO_HOME="+filepath.Join(dir, "home"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cargo %v: %v\n%s", args, err, out)
		}
	}
	cargo("leaf", "package", "--offline", "--no-verify")
	file := filepath.Join(dir, "leaf/target/package/leaf-0.3.1.crate")
	sum, err := tree.FileSum(file)
	if err != nil {
		t.Fatal(err)
	}
	id := ID{"leaf", "0.3.1", sum}
	one, two := filepath.Join(dir, "one", id.String()), filepath.Join(dir, "two", "c0")
	if err := Unpack(context.Background(), file, id, one); err != nil {
		t.Fatal(err)
	}
	if err := CopyVendored(one, id, "", two); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{one, two} {
		if got, _, err := ReadVendored(store); err != nil || got != id {
			t.Errorf("%v, %v", got, err)
		}
		cargo("top", "check", "--offline",
			"--config", `source.crates-io.replace-with="store"`,
			"--config", fmt.Sprintf("source.store.directory=%q", filepath.Dir(store)))
		lock, err := os.ReadFile(filepath.Join(dir, "top/Cargo.lock"))
		if err != nil || !strings.Contains(string(lock), sum) {
			t.Errorf("the lock has no %s: %v", sum, err)
		}
	}
}
