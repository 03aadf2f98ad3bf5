package scaffold

import (
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// otherGenerator refuses a project whose static library rust-staticlib-gen makes: a
// program that links that beside ours has two copies of Rust.
func (p *Project) otherGenerator(pkg Package) error {
	list, _, err := p.everyStanza()
	if err != nil {
		return err
	}
	var at []string
	for _, s := range list {
		if s.stanza.Has("rust-staticlib-gen") || s.stanza.Has("rust-staticlib-virtual") || s.stanza.Has("rust_staticlib_virtual") {
			at = append(at, s.where())
		}
	}
	for _, name := range []string{pkg.Opam, pkg.Opam + ".template"} {
		src, err := p.read(name)
		if err != nil {
			return err
		}
		if strings.Contains(string(src), "x-rust-stubs-crate") {
			at = append(at, name)
		}
	}
	if len(at) == 0 {
		return nil
	}
	return problem.New(problem.Input, "rust-staticlib-gen makes the project's static library of Rust, and there can be one: %s", strings.Join(at, ", ")).In(pkg.Name).
		Hint("take these out (docs/coming-from.md, rust-staticlib-gen, has the steps), then run this again")
}
