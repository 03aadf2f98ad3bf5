package workspace

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// PlanFormat is the version of the JSON shape of a [Plan].
const PlanFormat = 1

// Plan is what is decided before cargo resolves: the bindings, the crates that
// the umbrella crate links, and what happens to path crates of several trees.
type Plan struct {
	Format   int       `json:"format"`
	Packages []string  `json:"packages"` // that the workspace is for
	Bindings []Binding `json:"bindings"`
	Links    []Link    `json:"links"`
	Archives []Archive `json:"archives"`
	Merged   []Merge   `json:"merged,omitempty"`
	Split    []Split   `json:"split,omitempty"`
	Patches  []Patch   `json:"patches,omitempty"`
	// Overruled are patches of trees in whose place the settings have their own.
	Overruled []string `json:"overruled,omitempty"`
	Settings  Settings `json:"settings"`
	// Registries are other registries than the default one, by the name that
	// manifests use.
	Registries map[string]string `json:"registries,omitempty"`

	rust     string // the release of rustc that versions must fit; empty: cargo does not look
	trees    []*bindings.Tree
	linksOf  map[string][]int // opam package -> indices of Links
	moves    moves
	problems []error
}

// Binding is a binding package of the plan.
type Binding struct {
	Package string          `json:"package"`
	Version string          `json:"version,omitempty"`
	Origin  bindings.Origin `json:"origin"`
	Tree    string          `json:"tree"` // hash
	Source  string          `json:"source"`
	Exports []string        `json:"exports"`
}

// Link is a crate that the umbrella crate depends on.
type Link struct {
	Key             string   `json:"key"` // in [dependencies]; always renamed: names differ between bindings only there
	Crate           string   `json:"crate"`
	Version         string   `json:"version"` // as staged
	Package         string   `json:"package"` // opam package
	Dir             string   `json:"dir"`     // relative to W
	Features        []string `json:"features,omitempty"`
	DefaultFeatures bool     `json:"default_features"`
}

// Merge tells that path crates with equal content, of several trees, are one.
type Merge struct {
	Crate   string   `json:"crate"`
	Version string   `json:"version"`
	Kept    string   `json:"kept"`    // opam package whose copy serves all
	Dropped []string `json:"dropped"` // opam packages whose copies are not used
}

// Split tells that path crates of one name and version differ, and so are
// several crates, with separate state.
type Split struct {
	Crate    string   `json:"crate"`
	Version  string   `json:"version"`
	Packages []string `json:"packages"`
	Exported bool     `json:"exported"` // only exported crates: nobody expects them to be one
}

// New makes the plan for trees, which are in order of package name; patched are those
// of [Settings.PatchTrees].
func New(packages []string, trees, patched []*bindings.Tree, settings Settings) *Plan {
	p := &Plan{Format: PlanFormat, Packages: packages, Settings: settings, trees: slices.Concat(trees, patched)}
	for _, t := range trees {
		p.Bindings = append(p.Bindings, Binding{
			Package: t.Package, Version: t.Version, Origin: t.Origin, Tree: t.Hash, Source: t.Shown, Exports: t.Exports,
		})
	}
	for _, t := range p.trees {
		for name, index := range t.Registries {
			if p.Registries == nil {
				p.Registries = map[string]string{}
			}
			p.Registries[name] = index
		}
	}
	p.decideMoves()
	p.decidePatches()
	p.decideFrom()
	p.linksOf = map[string][]int{}
	keys := map[string]bool{}
	linked := map[string]int{} // directory -> index in Links
	for _, t := range trees {
		for _, name := range t.Exports {
			c := exported(t, name)
			dir, version := p.placed(t, c)
			chosen := settings.Bindings[t.Package]
			features := featuresFor(t, c, chosen.Features)
			byDefault := chosen.DefaultFeatures == nil || *chosen.DefaultFeatures
			i, ok := linked[dir]
			if !ok {
				i = len(p.Links)
			}
			p.linksOf[t.Package] = append(p.linksOf[t.Package], i)
			if ok { // an equal crate of another binding: it gets what either asks for
				p.Links[i].Features = append(p.Links[i].Features, features...)
				p.Links[i].DefaultFeatures = p.Links[i].DefaultFeatures || byDefault
				continue
			}
			linked[dir] = len(p.Links)
			p.Links = append(p.Links, Link{
				Key: unique(keys, t.Package+"-"+name), Crate: name, Version: version, Package: t.Package, Dir: dir,
				Features: features, DefaultFeatures: byDefault,
			})
		}
	}
	p.Archives = []Archive{p.umbrella()}
	return p
}

// featuresFor are those of the chosen features that an exported crate of a tree gets: a
// feature goes to the crates that have it, and to all where none has, since cargo then
// says so.
func featuresFor(t *bindings.Tree, c *bindings.Crate, chosen []string) []string {
	var list []string
	for _, f := range chosen {
		others := slices.ContainsFunc(t.Exports, func(name string) bool { return hasFeature(exported(t, name), f) })
		if hasFeature(c, f) || !others {
			list = append(list, f)
		}
	}
	return list
}

// hasFeature tells whether a crate has a feature, "name" or "dependency/name".
func hasFeature(c *bindings.Crate, feature string) bool {
	dependency, _, of := strings.Cut(feature, "/")
	return slices.Contains(c.Features, feature) || of && slices.Contains(c.Needs, strings.TrimSuffix(dependency, "?"))
}

// Vendored is a registry or git crate of the lock that comes from a directory of crates:
// nothing tells whether its files are those of the release
// (docs/security.md#where-crates-come-from).
type Vendored struct {
	Crate   string   `json:"crate"`
	Version string   `json:"version"`
	Source  string   `json:"source,omitempty"`  // as in the lock
	From    string   `json:"from"`              // which directory
	Package string   `json:"package,omitempty"` // opam package whose tree has it
	Serves  []string `json:"serves"`            // opam packages that it is there for
	Dir     string   `json:"-"`
	Content string   `json:"-"` // a name for the content of Dir
}

// JSON is the whole decision as W/plan.json holds it: the plan, and the packages of the
// lock that cargo made for it, with those that no checksum verifies.
func (p *Plan) JSON(lock *lockfile.Lock, vendored []Vendored) ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		*Plan
		Vendored []Vendored         `json:"vendored,omitempty"`
		Lock     []lockfile.Package `json:"lock"`
	}{p, vendored, lock.Packages}, "", "  ")
	return append(text, '\n'), err
}

// UnknownBindings names the packages in the settings that the plan does not have.
func (p *Plan) UnknownBindings() []string {
	known := map[string]bool{}
	for _, b := range p.Bindings {
		known[b.Package] = true
	}
	return p.Settings.unknownBindings(known)
}

// Trees are the plan's trees, in the order of its bindings; those that the settings
// patch crates with come last.
func (p *Plan) Trees() []*bindings.Tree { return p.trees }

func exported(t *bindings.Tree, name string) *bindings.Crate {
	for i := range t.Crates {
		if c := &t.Crates[i]; c.Member && c.Name == name {
			return c
		}
	}
	for i := range t.Crates { // one that --crate names beside the members
		if c := &t.Crates[i]; c.Name == name {
			return c
		}
	}
	return &bindings.Crate{Name: name, Dir: t.Start}
}

var notInKey = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// unique makes name a dependency key that cargo takes and that is not in use.
func unique(used map[string]bool, name string) string {
	name = notInKey.ReplaceAllString(name, "_")
	if name[0] >= '0' && name[0] <= '9' {
		name = "p" + name
	}
	key := name
	for n := 2; used[key]; n++ {
		key = name + "-" + strconv.Itoa(n)
	}
	used[key] = true
	return key
}

// stagedDir is the place of a tree's directory, relative to W.
func stagedDir(pkg, dir string) string { return path.Join("bindings", pkg, dir) }
