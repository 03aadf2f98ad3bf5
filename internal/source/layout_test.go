package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// crateFile writes the .crate of a crate with files modules.
func crateFile(t testing.TB, dir, name string, files int) Candidate {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	add := func(file, text string) {
		if err := w.WriteHeader(&tar.Header{Name: name + "-1.0.0/" + file, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	add("Cargo.toml", "[package]\nname = \""+name+"\"\nversion = \"1.0.0\"\n")
	for i := 0; i < files; i++ {
		add(fmt.Sprintf("src/m%d.rs", i), strings.Repeat("fn f() { let x = 1; }\n", 300))
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name+"-1.0.0.crate")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return Candidate{ID: crateID(t, name, "1.0.0", tree.BytesSum(b.Bytes())), File: file}
}

// layOut leaves exactly the candidates, and what is there already as it is; a crate whose
// checksum changed is made anew, and what a killed run left is swept away.
func TestLayOut(t *testing.T) {
	files, dir := t.TempDir(), t.TempDir()
	a, b := crateFile(t, files, "a", 1), crateFile(t, files, "b", 1)
	names := func() string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return strings.Join(list, " ")
	}
	layOut := func(list ...Candidate) {
		t.Helper()
		if err := layOut(context.Background(), dir, list, func(int, int) {}); err != nil {
			t.Fatal(err)
		}
	}
	layOut(a, b)
	if err := os.WriteFile(filepath.Join(dir, "b-1.0.0", "mark"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".tmp-c-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	layOut(b)
	if got := names(); got != "b-1.0.0" {
		t.Errorf("there is %s", got)
	}
	if !tree.Exists(filepath.Join(dir, "b-1.0.0", "mark")) {
		t.Error("a crate that was there was made anew")
	}
	layOut(crateFile(t, files, "b", 2))
	if tree.Exists(filepath.Join(dir, "b-1.0.0", "mark")) || !tree.Exists(filepath.Join(dir, "b-1.0.0", "src", "m1.rs")) {
		t.Error("a crate with another checksum was not made anew")
	}
}

// Every failing crate is reported, in order; an interrupt is one error.
func TestLayOutReportsAll(t *testing.T) {
	files := t.TempDir()
	var list []Candidate
	for _, name := range []string{"a", "b", "c", "d"} {
		o := crateFile(t, files, name, 1)
		if name != "a" && name != "c" {
			o.File = "missing-" + name
		}
		list = append(list, o)
	}
	dir := t.TempDir()
	problems := problem.List(layOut(context.Background(), dir, list, func(int, int) {}))
	if len(problems) != 2 || problems[0].File != "missing-b" || problems[1].File != "missing-d" {
		t.Errorf("got %v", problems)
	}
	if !tree.Exists(filepath.Join(dir, "c-1.0.0", "Cargo.toml")) {
		t.Error("a good crate is not there")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := layOut(ctx, t.TempDir(), list, func(int, int) {}); !errors.Is(err, context.Canceled) || len(problem.List(err)) != 1 {
		t.Errorf("got %v", err)
	}
}

func crateID(t testing.TB, name, version, sum string) crate.ID {
	t.Helper()
	id, err := crate.NewID(name, version, sum)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// BenchmarkLayOut unpacks the crates of $CRATES, a directory of .crate files; without
// it, 100 made ones of 50 files each.
func BenchmarkLayOut(b *testing.B) {
	var list []Candidate
	if dir := os.Getenv("CRATES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "*.crate"))
		if err != nil || len(files) == 0 {
			b.Fatalf("no crates in %s: %v", dir, err)
		}
		for _, file := range files {
			sum, err := tree.FileSum(file)
			if err != nil {
				b.Fatal(err)
			}
			base := strings.TrimSuffix(filepath.Base(file), ".crate")
			at := strings.LastIndex(strings.SplitN(base, ".", 2)[0], "-")
			list = append(list, Candidate{ID: crateID(b, base[:at], base[at+1:], sum), File: file})
		}
	} else {
		files := b.TempDir()
		for i := 0; i < 100; i++ {
			list = append(list, crateFile(b, files, fmt.Sprintf("c%d", i), 50))
		}
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if err := layOut(context.Background(), filepath.Join(b.TempDir(), "crates"), list, func(int, int) {}); err != nil {
			b.Fatal(err)
		}
	}
}
