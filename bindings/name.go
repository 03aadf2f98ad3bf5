package bindings

import "github.com/opam-cargo/opam-cargo/internal/problem"

// namedIn is [CheckName] for a name that a file gives.
func namedIn(file, name string) error {
	err := CheckName(name)
	for _, e := range problem.List(err) {
		e.Code, e.Hints = problem.Input, nil
		return e.At(file, 0).Hint("a package's name has letters, digits, and - _ +; correct the file, or its own name")
	}
	return err
}

// CheckName refuses what is no opam package name: it becomes a directory.
func CheckName(name string) error {
	letter := false
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letter = true
		case r >= '0' && r <= '9', r == '-', r == '_', r == '+':
		default:
			return problem.New(problem.Usage, "%q is no opam package name", name).Hint("a name has letters, digits, and - _ +; give one with --package")
		}
	}
	if !letter {
		return problem.New(problem.Usage, "%q is no opam package name", name).Hint("a name has at least one letter; give one with --package")
	}
	return nil
}
