package wrapper

import (
	"errors"
	"os"
	"syscall"
)

// Umask is the name under which the tool runs a program, named by its path, with the umask
// 022: a process can set one only for itself, and os/exec not for a child.
const Umask = "opam-cargo-umask"

func underUmask(argv []string) error {
	if len(argv) == 0 {
		return errors.New("this is for opam-cargo to call, with a program and its arguments")
	}
	syscall.Umask(0o022)
	return syscall.Exec(argv[0], argv, os.Environ())
}
