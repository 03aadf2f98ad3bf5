package opamfile

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"testing"
)

// corpusVariable names a tar.gz of opam files.
const corpusVariable = "OPAM_CARGO_OPAM_FILES"

// need skips a test that lacks something, and fails it in continuous
// integration, where all of it must be there.
func need(t *testing.T, ok bool, reason string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("CI") == "true":
		t.Fatal(reason)
	default:
		t.Skip("SKIPPED: " + reason)
	}
}

type source struct {
	name string
	text []byte
}

func readCorpus(t *testing.T) []source {
	t.Helper()
	path := os.Getenv(corpusVariable)
	need(t, path != "", corpusVariable+" names no tar.gz of opam files")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []source
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, source{header.Name, text})
	}
	if len(list) == 0 {
		t.Fatal(path + " holds no file")
	}
	return list
}

// Every published file parses, prints, has sound offsets, dependencies and
// commands.
func TestCorpus(t *testing.T) {
	corpus := readCorpus(t)
	packages, commands := 0, 0
	for _, s := range corpus {
		f, err := Parse(s.name, s.text)
		if err != nil {
			t.Error(err)
			continue
		}
		checkRoundTrip(t, f)
		checkOffsets(t, s.text, f)
		for _, formula := range []func() (Formula, error){f.Depends, f.Depopts} {
			x, err := formula()
			if err != nil {
				t.Error(err)
			}
			checkSelect(t, x)
			packages += len(x.Names())
		}
		for _, name := range []string{"build", "install", "run-test", "remove"} {
			list, err := f.Commands(name)
			if err != nil {
				t.Error(err)
			}
			commands += len(list)
		}
	}
	t.Logf("%d files, %d dependencies, %d commands", len(corpus), packages, commands)
}
