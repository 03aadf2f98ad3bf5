package scaffold

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// seen are the stanzas that show dune the Rust tree as data, but for what cargo makes:
// dune build --watch then runs the rule of rust-bindings/dune when a file of it changes.
const seen = "(data_only_dirs rust)\n\n(subdir\n rust\n (dirs :standard .* _* \\ target vendor .git))"

// mostSeen is how many files dune may have to look at, at each build, for that.
const mostSeen = 2000

// keepOut keeps dune out of what is cargo's; the Rust tree it may see as data, where that
// costs little. It returns what dune does not see then.
func (p *Project) keepOut(cargos []string) ([]string, error) {
	if !slices.Equal(cargos, []string{"rust"}) {
		return cargos, p.excludeAll(cargos)
	}
	src, list, err := p.stanzas("dune")
	if err != nil || hidden(list, "rust") {
		return cargos, p.excludeAll(cargos)
	}
	why := p.unwatched()
	if slices.ContainsFunc(list, func(n dune.Node) bool {
		return slices.Contains([]string{"dirs", "data_only_dirs", "subdir", "include", "dynamic_include"}, n.Name())
	}) {
		why = "its dune file has stanzas of its own about directories"
	}
	if why == "" {
		p.set("dune", dune.AddStanza(src, seen), `(data_only_dirs rust), without target`)
		return []string{"rust/target", "rust/vendor"}, nil
	}
	if err := p.excludeAll(cargos); err != nil {
		return nil, err
	}
	if _, changed := p.edited["dune"]; changed {
		p.notes = append(p.notes, "dune build --watch does not see an edit of the Rust code: "+why)
	}
	return cargos, nil
}

// unwatched says why dune should not look at rust/; empty: it may.
func (p *Project) unwatched() string {
	if _, list, err := p.stanzas("dune-project"); err == nil {
		for _, n := range list {
			words := n.Words()
			if n.Name() == "lang" && len(words) == 2 && words[0] == "dune" && semver.Compare("v"+words[1], "v2.5") < 0 {
				return "that needs (lang dune 2.5)"
			}
		}
	}
	top, files, link := filepath.Join(p.Dir, "rust"), 0, ""
	_ = filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error { // one that is not there yet has no files
		if err != nil {
			return nil //nolint:nilerr // dune passes over what it cannot read
		}
		rel, _ := filepath.Rel(top, file)
		switch {
		case d.IsDir() && slices.Contains([]string{"target", "vendor", ".git"}, rel):
			return fs.SkipDir
		case d.Type()&fs.ModeSymlink != 0 && !leadsOn(file):
			link = path.Join("rust", filepath.ToSlash(rel))
		}
		files++
		return nil
	})
	switch {
	case link != "":
		return "the link " + link + " stops dune"
	case files > mostSeen:
		return "it has too many files to look at in each build"
	}
	return ""
}

// leadsOn tells whether a link leads to a file, or to a directory that is not above it.
func leadsOn(link string) bool {
	real, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	at, err := filepath.EvalSymlinks(filepath.Dir(link))
	return err == nil && (!tree.IsDir(real) || at != real && !strings.HasPrefix(at, real+string(filepath.Separator)))
}
