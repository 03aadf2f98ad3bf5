package workspace

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Archive is a static library that cargo builds in the workspace: the umbrella crate's,
// or with --each one of each binding.
type Archive struct {
	Package string `json:"package,omitempty"` // the binding; empty: all of them
	Crate   string `json:"crate"`             // cargo's package, "rust-bindings" or "rust-bindings-foocaml"
	Lib     string `json:"lib"`               // its library, "rust_bindings" or "rust_bindings_foocaml"
	Dir     string `json:"dir"`               // relative to W
	links   []Link
}

// File is the archive's file name.
func (a Archive) File() string { return "lib" + a.Lib + ".a" }

// Umbrella is the crate that links all bindings' crates.
const Umbrella = "rust-bindings"

// umbrella is the one archive of all links.
func (p *Plan) umbrella() Archive {
	return Archive{Crate: Umbrella, Lib: "rust_bindings", Dir: ".", links: p.Links}
}

// ArchiveEach plans an archive for each binding in place of the one of all. They share
// the workspace, its lock and the compiled crates; since each holds a copy of what it
// needs, equal in all, a linker takes the first and the program has one state. Fat LTO
// makes unequal copies of them (docs/facts.md#several-archives), and so is refused.
func (p *Plan) ArchiveEach(profile, rustflags string) error {
	if lto := p.fatLTO(profile); lto || strings.Contains(rustflags, "lto=fat") || strings.Contains(rustflags, "lto=yes") {
		return problem.New(problem.Usage, "--each cannot go with fat LTO: the archives would hold different copies of the crates that they share").
			Hint(`take lto = "thin" in [profile.%s] of rust-bindings/settings.toml, or one archive for all, without --each`, profile)
	}
	if len(p.Bindings) == 0 {
		return nil // as for one archive: an empty one
	}
	p.Archives = nil
	keys := map[string]bool{}
	for _, b := range p.Bindings {
		lib := unique(keys, "rust_bindings_"+strings.ReplaceAll(b.Package, "-", "_"))
		lib = strings.ReplaceAll(lib, "-", "_")
		a := Archive{Package: b.Package, Crate: strings.ReplaceAll(lib, "_", "-"), Lib: lib, Dir: path.Join("each", lib)}
		for _, i := range p.linksOf[b.Package] {
			a.links = append(a.links, p.Links[i])
		}
		p.Archives = append(p.Archives, a)
	}
	return nil
}

// checkStanzas refuses a binding whose archive the program's dune file does not name:
// dune would not link it, and the linker would say so less plainly.
func (p *Plan) checkStanzas(root string) error {
	const file = "rust-bindings/dune"
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return nil //nolint:nilerr // the stanzas stand elsewhere, and are not ours
	}
	var missing []string
	for _, a := range p.Archives {
		if a.Package != "" && !strings.Contains(string(src), a.File()) {
			missing = append(missing, a.Package)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return problem.New(problem.Input, "no archive is made for %s, which is in the cone now", strings.Join(missing, ", ")).At(file, 0).
		Hint("write it anew: opam-cargo init --each")
}

// fatLTO tells whether the settings ask for it in a profile, or one that it inherits.
func (p *Plan) fatLTO(profile string) bool {
	for i := 0; i < 10; i++ { // cargo refuses a circle
		table, _ := p.Settings.Profile[profile].(map[string]any)
		switch lto := table["lto"]; lto {
		case "fat", true:
			return true
		case nil:
		default:
			return false
		}
		next, ok := table["inherits"].(string)
		if !ok {
			return false
		}
		profile = next
	}
	return false
}

// Generated is a file of the workspace that follows from the plan alone.
type Generated struct {
	Path    string // relative to W
	Content []byte
}

// Files are the generated files: the umbrella crate, and with --each those of each
// binding's.
func (p *Plan) Files() ([]Generated, error) {
	manifest, err := p.Manifest()
	if err != nil {
		return nil, err
	}
	files := []Generated{{"Cargo.toml", manifest}, {"src/lib.rs", lib(p.Links)}}
	for _, a := range p.Archives {
		if a.Dir == "." {
			continue
		}
		var b bytes.Buffer
		b.WriteString(generated)
		p.head(&b, a.Crate, a.Lib)
		b.WriteString("\n[dependencies]\n")
		for _, l := range a.links {
			l.Dir = path.Join("../..", l.Dir)
			l.render(&b)
		}
		files = append(files, Generated{path.Join(a.Dir, "Cargo.toml"), b.Bytes()}, Generated{path.Join(a.Dir, "src/lib.rs"), lib(a.links)})
	}
	return files, nil
}
