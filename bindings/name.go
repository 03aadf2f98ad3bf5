package bindings

import "github.com/opam-cargo/opam-cargo/internal/problem"

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
