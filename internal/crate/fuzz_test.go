package crate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Whatever a vendor directory's manifest and checksum file say, what is read of them is a
// crate by cargo's rules, whose names lead nowhere, and a copy stays where it was put.
func FuzzVendored(f *testing.F) {
	sum := strings.Repeat("0a", 32)
	good := "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"
	for _, manifest := range []string{
		good, "", "[project]\nname = \"a\"\n", "[package]\nname = \"../../x\"\nversion = \"1.0.0\"\n", "[package]\nname = \"a\"\nversion = \"1.0.0/../x\"\n",
		"[package]\nname = \"a\"\nversion.workspace = true\n", "package = 1\n", "package.name = \"a\"\n", "[package\n", "\xff",
	} {
		f.Add([]byte(manifest), []byte(`{"files":{},"package":"`+sum+`"}`))
	}
	for _, checksum := range []string{
		"", "{}", "null", "[]", `{"package":null,"files":null}`, `{"package":1}`, `{"package":"../x","files":{}}`, `{"files":{"../../x":"` + sum + `"}}`,
		`{"files":{"/etc/passwd":"` + sum + `"}}`, `{"files":{"Cargo.toml":"` + tree.BytesSum([]byte(good)) + `"},"package":"` + sum + `"}`,
		`{"files":{"src":"` + sum + `"},"package":"` + sum + `"}`, `{"files":{"":""}}`,
	} {
		f.Add([]byte(good), []byte(checksum))
	}
	f.Fuzz(func(t *testing.T, manifest, checksum []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "vendored")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, manifestFile), manifest, 0o644),
			os.WriteFile(filepath.Join(dir, ChecksumFile), checksum, 0o644)); err != nil {
			t.Fatal(err)
		}
		id, _, err := ReadVendored(dir)
		if err != nil {
			return
		}
		again, err := NewID(id.Name(), id.Version(), id.Checksum())
		if err != nil || again != id || filepath.Base(id.String()) != id.String() || !filepath.IsLocal(id.String()) {
			t.Fatalf("%q is read as a crate: %v", id, err)
		}
		verified := VerifyVendored(dir, true)
		if err := CopyVendored(dir, id, "", filepath.Join(parent, "copies", id.String())); err != nil {
			if verified == nil {
				t.Fatalf("verified, and not copied: %v", err)
			}
			return
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) != 2 {
			t.Fatalf("it wrote %v, %v", left, err)
		}
	})
}
