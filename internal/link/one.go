package link

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/object"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// one makes one object of the archive a, whose members are in l. Where nothing here can,
// the archive stays as cargo made it, and that is told.
func (in Input) one(ctx context.Context, a *Archive, l *library, roots []string, also []int, losers map[string][]*graph.Node) (told bool, err error) {
	givesWay := func(m int) bool {
		for _, crates := range losers {
			if slices.Contains(crates, l.of[m]) {
				return true
			}
		}
		return false
	}
	members, err := l.Reach(object.Wish{Roots: roots, Members: also, Last: givesWay})
	if err != nil {
		return false, err
	}
	doubles, err := l.Doubles(members)
	if err != nil {
		return false, err
	}
	weak := map[int][]string{}
	for name, by := range doubles {
		for _, m := range by {
			if slices.Contains(losers[name], l.of[m]) {
				weak[m] = append(weak[m], name)
			}
		}
	}
	dir := filepath.Join(in.Site.Dirs.Out(), "object")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	out := filepath.Join(dir, a.File())
	res, err := object.Link(ctx, object.Request{
		Library: l.Library, Members: members, Roots: roots, Weak: weak, Debug: in.Compiled.Debug[in.manifest(a.Archive)],
		Tools: object.Tools{Getenv: in.Site.Getenv, Target: in.Target}, Out: out, Name: "rust.o", // an archive has no room for long names
	})
	var postponed *object.PostponedError
	switch {
	case errors.As(err, &postponed):
		return false, in.postponed(l, postponed.Member)
	case errors.Is(err, object.ErrUnable):
		in.Site.Out.Warn("the archive stays as large as cargo makes it: %v", err)
		in.Site.Out.Hint("install GNU binutils, whose ld and objcopy make one object of it; all else works as with them")
		return true, nil
	case err != nil:
		return false, err
	}
	a.Path, a.Kind = out, Kind{Object: true, Linker: res.Linker, Objcopy: res.Objcopy}
	a.Link.Symbols = []string{plainest(res.Roots)}
	return in.tellOCaml(ctx, l, members, res.Undefined), nil
}

// postponed is the problem of an object without code.
func (in Input) postponed(l *library, member int) error {
	crate, pkgs := "of Rust's own", ""
	if n := l.of[member]; n != nil {
		crate, pkgs = n.Name+" "+n.Version, strings.Join(in.Graph.Owners(n.ID), ", ")
	}
	return problem.New(problem.Check, "the crate %s has C code that was compiled for link-time optimisation only (%s): there is nothing in it that OCaml could be linked with",
		crate, l.Members()[member].Name).In(pkgs).
		Hint("take -flto out of CFLAGS and CXXFLAGS, or add -ffat-lto-objects; then remove %s and build again", problem.Word(in.Site.Dirs.Target()))
}
