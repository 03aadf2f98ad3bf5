package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sh runs a shell script in dir, and returns what it prints.
func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out, &stderr)
	}
	return string(out)
}

// checkout makes a git repository of one commit, of the files that lie here.
func checkout(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sh(t, dir, here+`/script/dist . here; tar -xf opam-cargo-*.tar.gz; rm opam-cargo-*.tar.gz; mv opam-cargo-* checkout
cd checkout; rm -r vendor VERSION
git init -q; git add -A; git -c user.name=Test -c user.email=test@localhost commit -qm All --date=@1700000000`)
	return filepath.Join(dir, "checkout")
}

// A commit gives one tarball, byte for byte: again, in a clone at another place with
// another umask, zone and locale, and out of the tarball itself.
func TestDist(t *testing.T) {
	first := checkout(t)
	sh(t, first, "echo uncommitted >>README.md; make -s dist")
	version := strings.TrimSpace(sh(t, first, `sed -n 's/^version: "\(.*\)"$/\1/p' opam-cargo.opam`))
	name := "opam-cargo-" + version
	tarball := filepath.Join(first, name+".tar.gz")
	want := sh(t, first, "sha256sum <"+tarball)

	dir := t.TempDir()
	sh(t, dir, "umask 077; export TZ=Asia/Tokyo LC_ALL=C.UTF-8; git clone -q "+first+" 'another place'; cd 'another place'; make -s dist")
	if got := sh(t, dir, "sha256sum <'another place/"+name+".tar.gz'"); got != want {
		t.Errorf("a clone gives another tarball: %s, not %s", got, want)
	}
	sh(t, dir, "tar -xf "+tarball)
	epoch := strings.TrimSpace(sh(t, first, "git log -1 --format=%ct"))
	if got := sh(t, dir, "SOURCE_DATE_EPOCH="+epoch+" "+name+"/script/dist . here; sha256sum <"+name+".tar.gz"); got != want {
		t.Errorf("the unpacked tarball gives another one: %s, not %s", got, want)
	}

	release := filepath.Join(dir, name)
	if text := sh(t, release, "cat VERSION; ls -A; tail -n 1 README.md"); !strings.HasPrefix(text, version+"\n") ||
		!strings.Contains(text, "\nvendor\n") || strings.Contains(text, ".git\n") || strings.Contains(text, "uncommitted") {
		t.Errorf("the tarball has:\n%s", text)
	}
	if plan := sh(t, release, "make -n opam-cargo"); !strings.Contains(plan, "version="+version+"'") || strings.Contains(plan, "script/setup") {
		t.Errorf("a release is built by:\n%s", plan)
	}
}

// make install puts five files below DESTDIR, which everybody can read, and the
// program of a checkout says which commit it is of.
func TestMakeInstall(t *testing.T) {
	dir := checkout(t)
	sh(t, dir, "umask 077; make -s install DESTDIR=$PWD/_dest PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions")
	got := sh(t, dir, "cd _dest; find . -type f -printf '%m %p\\n' | sort")
	const want = `644 ./usr/share/bash-completion/completions/opam-cargo
644 ./usr/share/fish/vendor_completions.d/opam-cargo.fish
644 ./usr/share/man/man1/opam-cargo.1
644 ./usr/share/zsh/vendor-completions/_opam-cargo
755 ./usr/bin/opam-cargo
`
	if got != want {
		t.Errorf("installed:\n%s", got)
	}
	refused := sh(t, dir, "rm opam-cargo; ! OPAM_PACKAGE_NAME=opam-cargo make -s opam-cargo 2>&1")
	if !strings.Contains(refused, "run make dist in it, then opam pin add opam-cargo ./opam-cargo-VERSION.tar.gz") {
		t.Errorf("opam's build of a checkout says:\n%s", refused)
	}
	commit := sh(t, dir, "git rev-parse --short=12 HEAD")
	if version := sh(t, dir, "_dest/usr/bin/opam-cargo version"); version != "opam-cargo dev-"+commit {
		t.Errorf("the version is %s", version)
	}
	if page := sh(t, dir, "cat _dest/usr/share/man/man1/opam-cargo.1"); !strings.Contains(page, `"opam\-cargo dev\-`+strings.TrimSpace(commit)+`"`) {
		t.Errorf("the man page is not of this version:\n%.200s", page)
	}
}
