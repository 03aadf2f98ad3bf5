package cli

import (
	"bytes"
	"fmt"
	"os"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/bom"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) sbomCommand() *cli.Command {
	return &cli.Command{
		Name:   "sbom",
		Usage:  "print what is in the program as a CycloneDX bill of materials, in JSON",
		Flags:  buildFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.programOnly(c, func(p *synth.Program) error {
				var sw *bindings.Switch
				if p.Site.Prefix != "" {
					var err error
					if sw, err = bindings.ReadSwitch(p.Site.Prefix); err != nil {
						return err
					}
				}
				rustc, err := p.Site.Cargo.Rustc(a.ctx)
				if err != nil {
					return err
				}
				described := bom.Program{Plan: p.Plan, Crates: components(p), Switch: sw, Rust: rustc["release"], Tool: Version()}
				if len(p.Plan.Packages) == 1 {
					described.Version, described.Licenses = versionAndLicenses(p.Site.Root, p.Plan.Packages[0])
				}
				list, err := bom.SBOM(described, os.Getenv("SOURCE_DATE_EPOCH"))
				if err != nil {
					return err
				}
				var b bytes.Buffer
				if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).Encode(list); err != nil {
					return err
				}
				_, err = a.stdout.Write(b.Bytes())
				return err
			})
		},
	}
}

func (a *app) licensesCommand() *cli.Command {
	return &cli.Command{
		Name:   "licenses",
		Usage:  "list the licences of the crates that are linked",
		Flags:  append([]cli.Flag{&cli.StringFlag{Name: "notice", Usage: "write one `FILE` with all their texts"}, jsonFlag()}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.programOnly(c, func(p *synth.Program) error {
				list, err := bom.Licenses(components(p), p.Site.Dirs)
				if err != nil {
					return err
				}
				for _, l := range list {
					switch {
					case l.SPDX == "" && len(l.Files) == 0:
						a.term.Warn("the crate %s %s says nothing of its licence: no license in its manifest, and no text", l.Name, l.Version)
					case len(l.Files) == 0:
						a.term.Warn("the crate %s %s (%s) brings no licence text", l.Name, l.Version, l.SPDX)
					}
				}
				if file := c.String("notice"); file != "" {
					if err := tree.WriteIfChanged(file, []byte(bom.Notice(list, p.Plan.Packages)), false); err != nil {
						return err
					}
					a.term.Say("wrote %s", file)
					return nil
				}
				if c.Bool("json") {
					return a.printJSON(struct {
						Format int           `json:"format"`
						Crates []bom.License `json:"crates"`
					}{1, append([]bom.License{}, list...)})
				}
				_, err = fmt.Fprint(a.stdout, bom.Table(list))
				return err
			})
		},
	}
}

// versionAndLicenses are those of a package of the root: as opam builds it, or as its
// opam file says.
func versionAndLicenses(root *bindings.Root, name string) (version string, licenses []string) {
	if p, ok := root.Package(name); ok {
		version, _ = p.File.StringField("version")
		licenses = p.File.Strings("license")
	}
	if v := os.Getenv("OPAM_PACKAGE_VERSION"); v != "" && os.Getenv("OPAM_PACKAGE_NAME") == name {
		version = v
	}
	return version, licenses
}

// components are the crates of a program.
func components(p *synth.Program) []graph.Component {
	from := map[string]string{}
	for _, v := range p.Resolution.Vendored {
		from[graph.CrateKey(v.Crate, v.Version, v.Source)] = v.From
	}
	list := p.Resolution.Graph.Components(p.Resolution.Lock)
	for i := range list {
		list[i].Vendored = from[list[i].Key()]
	}
	return list
}
