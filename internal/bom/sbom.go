// Package bom tells what is in a program: as a CycloneDX bill of materials ([SBOM]), and
// as the licences and their texts ([Licenses], [Notice]).
package bom

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Program is what is described.
type Program struct {
	Plan   *workspace.Plan
	Crates []graph.Component
	Switch *bindings.Switch // nil: there is none
	Rust   string           // release of rustc
	Tool   string           // version of the tool

	Version  string   // of the program, if its opam file or opam names one
	Licenses []string // of the program, as its opam file says
}

// lastSecond is that of the year 9999, the last that a timestamp can name.
const lastSecond = 253402300799

// SBOM describes a program in CycloneDX 1.6: the program, its binding packages and Rust's
// standard library, the crates that are linked (scope required) and those that only help
// to build (excluded), and which needs which. epoch is SOURCE_DATE_EPOCH: without one it
// holds no time. Equal programs give equal text.
func SBOM(p Program, epoch string) (*cdx.BOM, error) {
	program := cdx.Component{
		BOMRef: "program", Type: cdx.ComponentTypeApplication, Name: strings.Join(p.Plan.Packages, ", "),
		Version: p.Version, Licenses: expression(strings.Join(p.Licenses, " AND ")),
	}
	if len(p.Plan.Packages) == 1 {
		program.PackageURL = purl("opam", p.Plan.Packages[0], p.Version, nil)
	}
	std := cdx.Component{
		BOMRef: "rust-std", Type: cdx.ComponentTypeLibrary, Name: "rust-std", Version: p.Rust, Scope: cdx.ScopeRequired,
		Description: "Rust's standard library, which every static library of Rust holds", Licenses: expression("MIT OR Apache-2.0"),
	}
	list := p.Crates
	components := make([]cdx.Component, 0, 1+len(p.Plan.Bindings)+len(list))
	components = append(components, std)
	needs := map[string][]string{program.BOMRef: {std.BOMRef}}
	for _, b := range p.Plan.Bindings {
		c := bindingComponent(b, p.Switch)
		components = append(components, c)
		needs[program.BOMRef] = append(needs[program.BOMRef], c.BOMRef)
	}
	known := map[string]bool{}
	for _, c := range list {
		known[c.ID] = true
		components = append(components, crateComponent(c))
	}
	refs := map[string]string{}
	for _, c := range list {
		refs[c.ID] = crateRef(c)
	}
	for _, l := range p.Plan.Links {
		for _, c := range list {
			if c.Own == l.Package && c.Name == l.Crate {
				needs["opam:"+l.Package] = append(needs["opam:"+l.Package], crateRef(c))
			}
		}
	}
	for _, c := range list {
		for _, dep := range c.Deps {
			if known[dep] {
				needs[crateRef(c)] = append(needs[crateRef(c)], refs[dep])
			}
		}
	}
	return assemble(program, components, needs, p.Tool, epoch)
}

func assemble(program cdx.Component, components []cdx.Component, needs map[string][]string, version, epoch string) (*cdx.BOM, error) {
	sort.Slice(components, func(i, j int) bool { return components[i].BOMRef < components[j].BOMRef })
	dependencies := make([]cdx.Dependency, 0, len(components)+1)
	for _, c := range append([]cdx.Component{program}, components...) {
		on := needs[c.BOMRef]
		sort.Strings(on)
		d := cdx.Dependency{Ref: c.BOMRef}
		if len(on) > 0 {
			d.Dependencies = &on
		}
		dependencies = append(dependencies, d)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Component: &program,
		Tools:     &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "opam-cargo", Version: version}}},
	}
	if epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 || seconds > lastSecond {
			return nil, problem.New(problem.Usage, "SOURCE_DATE_EPOCH is %q, and not a number of seconds since 1970", epoch).
				Hint("set it to such a number, as of the last commit: git log -1 --format=%%ct; or unset it")
		}
		bom.Metadata.Timestamp = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	bom.Components, bom.Dependencies = &components, &dependencies
	bom.SerialNumber = serial(bom)
	return bom, nil
}

// serial is a UUID (version 8: of our own making) that follows from the content.
func serial(bom *cdx.BOM) string {
	var b strings.Builder
	for _, c := range *bom.Components {
		fmt.Fprintln(&b, c.BOMRef, c.Version, c.PackageURL)
		if c.Hashes != nil {
			fmt.Fprintln(&b, *c.Hashes)
		}
		if c.Properties != nil {
			fmt.Fprintln(&b, *c.Properties)
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func bindingComponent(b workspace.Binding, sw *bindings.Switch) cdx.Component {
	c := cdx.Component{
		BOMRef: "opam:" + b.Package, Type: cdx.ComponentTypeLibrary, Name: b.Package, Version: b.Version, Scope: cdx.ScopeRequired,
		PackageURL: purl("opam", b.Package, b.Version, nil),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: strings.TrimPrefix(b.Tree, "sha256:")}},
		Properties: &[]cdx.Property{
			{Name: "opam-cargo:hash-of", Value: "the tree of its Rust sources"}, {Name: "opam-cargo:origin", Value: string(b.Origin)},
		},
	}
	if sw != nil {
		c.Licenses = expression(strings.Join(sw.Licenses(b.Package), " AND "))
	}
	return c
}

func crateRef(c graph.Component) string {
	ref := "cargo:" + c.Name + "@" + c.Version
	if c.Own != "" {
		return ref + ":" + c.Own
	}
	return ref
}

func crateComponent(c graph.Component) cdx.Component {
	of := cdx.Component{
		BOMRef: crateRef(c), Type: cdx.ComponentTypeLibrary, Name: c.Name, Version: c.Version,
		Scope: cdx.ScopeExcluded, Licenses: expression(c.License),
	}
	if c.Linked {
		of.Scope = cdx.ScopeRequired
	}
	if c.Source != "" { // a path crate is of no registry
		of.PackageURL = purl("cargo", c.Name, c.Version, qualifiers(c.Source))
	}
	if c.Checksum != "" {
		of.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: c.Checksum}}
	}
	properties := []cdx.Property{{Name: "opam-cargo:for", Value: strings.Join(c.Owners, " ")}}
	if len(c.Features) > 0 {
		properties = append(properties, cdx.Property{Name: "opam-cargo:features", Value: strings.Join(c.Features, " ")})
	}
	if c.Vendored != "" {
		properties = append(properties, cdx.Property{Name: "opam-cargo:unverified", Value: c.Vendored})
	}
	if c.Links != "" {
		properties = append(properties, cdx.Property{Name: "opam-cargo:links", Value: c.Links})
	}
	of.Properties = &properties
	return of
}

// qualifiers tell a crate of another place than the default registry.
func qualifiers(source string) map[string]string {
	p := lockfile.Package{Source: source}
	switch {
	case p.Git():
		return map[string]string{"vcs_url": source}
	case source == lockfile.DefaultRegistry:
		return nil
	}
	_, url, _ := strings.Cut(source, "+")
	return map[string]string{"repository_url": url}
}

func purl(kind, name, version string, more map[string]string) string {
	return packageurl.NewPackageURL(kind, "", name, version, packageurl.QualifiersFromMap(more), "").ToString()
}

// expression is a license in SPDX's terms; a slash is how old manifests say OR.
func expression(license string) *cdx.Licenses {
	if license == "" {
		return nil
	}
	return &cdx.Licenses{{Expression: SPDX(license)}}
}

// SPDX spells a license as today's SPDX does.
func SPDX(license string) string {
	parts := strings.Split(license, "/")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return strings.Join(parts, " OR ")
}
