package compile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// distrustFuture deletes the target directory if cargo's notes in it lie in the future:
// the clock was set back since, and cargo, which compares times, would take a source
// that changes now for one that was compiled already (docs/facts.md#freshness).
func distrustFuture(target string, out *term.Printer) error {
	future, err := newerThan(target, time.Now())
	if err != nil || !future {
		return err
	}
	out.Say("what was compiled before lies in the future, since the clock was set back: everything is compiled anew")
	return os.RemoveAll(target)
}

// Forget makes cargo build the archives of a plan again: it believes what it has built, and
// does not look whether that is still what it was.
func Forget(d workspace.Dirs, archives []workspace.Archive) error {
	var problems []error
	for _, a := range archives {
		for _, profile := range []string{"*", "*/*"} { // with --target there is one more
			for _, unit := range tree.Glob(d.Target(), profile+"/.fingerprint/"+a.Crate+"-*") {
				problems = append(problems, os.RemoveAll(unit))
			}
		}
	}
	return errors.Join(problems...)
}

// newerThan tells whether a file of a target directory is newer than now. Its large
// directories are passed over: what is in them is no younger than their fingerprints.
func newerThan(target string, now time.Time) (bool, error) {
	newer := false
	err := filepath.WalkDir(target, func(file string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) && file == target {
			return filepath.SkipAll
		}
		if err != nil {
			return err
		}
		switch d.Name() {
		case "build", "deps", "examples", "incremental":
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err == nil && info.ModTime().After(now) {
			newer = true
			return filepath.SkipAll
		}
		return err
	})
	return newer, err
}
