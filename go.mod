module github.com/opam-cargo/opam-cargo

go 1.22.0

require (
	github.com/CycloneDX/cyclonedx-go v0.9.3
	github.com/otiai10/copy v1.14.1
	github.com/package-url/packageurl-go v0.1.3
	github.com/pelletier/go-toml/v2 v2.4.3
	github.com/rogpeppe/go-internal v1.13.1
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/urfave/cli/v2 v2.27.7
	github.com/xrash/smetrics v0.0.0-20240521201337-686a1a2994c1
	golang.org/x/mod v0.22.0
	golang.org/x/sync v0.10.0
	golang.org/x/sys v0.24.0
	mvdan.cc/sh/v3 v3.8.0
)

require (
	github.com/cpuguy83/go-md2man/v2 v2.0.7 // indirect
	github.com/otiai10/mint v1.6.3 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	golang.org/x/text v0.14.0 // indirect
	golang.org/x/tools v0.22.0 // indirect
)
