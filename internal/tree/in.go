package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// ErrOut is the cause where a name would lead out of the directory that it belongs to.
var ErrOut = errors.New("leads out of the directory")

// In is the path of name, relative and with slashes, below root, for who writes or removes
// there what a tree, a lock or a state file has named. It refuses what leaves root: an
// absolute path, "..", root itself, and a way through something that is there and is no
// directory, such as a link. What stands at name itself may be a link: who removes or
// renames does not follow it. root may be reached through links. It does not guard against
// a process that puts a link there between this and the writing: whoever may do that may
// write there himself.
func In(root, name string) (string, error) {
	if !fs.ValidPath(name) || name == "." {
		return "", &os.PathError{Op: "use", Path: filepath.Join(root, "?"), Err: fmt.Errorf("%q %w", name, ErrOut)}
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		at := filepath.Join(root, filepath.FromSlash(dir))
		if info, err := os.Lstat(at); err == nil && !info.IsDir() {
			return "", &os.PathError{Op: "use", Path: at, Err: fmt.Errorf("not a directory, so that %q %w", name, ErrOut)}
		}
	}
	return filepath.Join(root, filepath.FromSlash(name)), nil
}
