package compile

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/term"
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
