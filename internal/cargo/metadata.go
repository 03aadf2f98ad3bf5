package cargo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
)

// Metadata is the part of `cargo metadata` that the tool reads.
type Metadata struct {
	Packages          []Package      `json:"packages"`
	WorkspaceMembers  []string       `json:"workspace_members"`
	WorkspaceRoot     string         `json:"workspace_root"`
	WorkspaceMetadata map[string]any `json:"metadata"`
	Resolve           *Resolve       `json:"resolve"`
}

// Package is one package as cargo sees it, workspace inheritance resolved.
type Package struct {
	ID           string              `json:"id"`
	Name         string              `json:"name"`
	Version      string              `json:"version"`
	Source       string              `json:"source"` // empty for a path package
	ManifestPath string              `json:"manifest_path"`
	Edition      string              `json:"edition"`
	RustVersion  string              `json:"rust_version"`
	Links        string              `json:"links"`
	License      string              `json:"license"`
	LicenseFile  string              `json:"license_file"`
	Targets      []Target            `json:"targets"`
	Dependencies []Dependency        `json:"dependencies"`
	Features     map[string][]string `json:"features"`
	Metadata     map[string]any      `json:"metadata"`
}

// Target is a library, binary, build script and so on of a package.
type Target struct {
	Name       string   `json:"name"`
	Kind       []string `json:"kind"`
	CrateTypes []string `json:"crate_types"`
	SrcPath    string   `json:"src_path"`
}

// Dependency is one declared requirement.
type Dependency struct {
	Name            string   `json:"name"`
	Req             string   `json:"req"`
	Kind            string   `json:"kind"` // empty, "dev" or "build"
	Rename          string   `json:"rename"`
	Optional        bool     `json:"optional"`
	DefaultFeatures bool     `json:"uses_default_features"`
	Features        []string `json:"features"`
	Target          string   `json:"target"`
	Path            string   `json:"path"`
	Registry        string   `json:"registry"`
	Source          string   `json:"source"`
}

// Resolve is the resolved graph.
type Resolve struct {
	Nodes []Node `json:"nodes"`
	Root  string `json:"root"`
}

// Node is one package of the graph with the features that are on.
type Node struct {
	ID       string    `json:"id"`
	Features []string  `json:"features"`
	Deps     []NodeDep `json:"deps"`
}

// NodeDep is one edge of the graph.
type NodeDep struct {
	Name     string    `json:"name"`
	Pkg      string    `json:"pkg"`
	DepKinds []DepKind `json:"dep_kinds"`
}

// DepKind is what an edge is for.
type DepKind struct {
	Kind string `json:"kind"` // empty, "dev" or "build"
}

// Members lists the packages of the workspace that a manifest belongs to, without
// resolving anything (docs/facts.md#metadata-of-a-tree): it writes nothing and needs no crate. registries
// are the indexes of other registries that the manifests name.
func (c *Cargo) Members(ctx context.Context, file string, registries map[string]string) (*Metadata, error) {
	args := append(make([]string, 0, 4+2*len(registries)), "--offline", "--no-deps", "--manifest-path", file)
	for name, index := range registries {
		args = append(args, "--config", fmt.Sprintf("registries.%s.index=%s", manifest.Quote(name), manifest.Quote(index)))
	}
	return c.metadata(ctx, args...)
}

// Resolved resolves the workspace of manifest with the sources of the cargo
// configuration file config, writes its Cargo.lock, and returns the graph. The lock
// is for all platforms, the graph only for those named.
func (c *Cargo) Resolved(ctx context.Context, manifest, config string, platforms []string) (*Metadata, error) {
	return c.metadata(ctx, append([]string{"--offline", "--manifest-path", manifest, "--config", config}, filters(platforms)...)...)
}

// ResolvedOnline is [Cargo.Resolved] with the network and the user's own
// configuration; see [Cargo.Online].
func (c *Cargo) ResolvedOnline(ctx context.Context, manifest string, platforms []string) (*Metadata, error) {
	return c.metadata(ctx, append([]string{"--manifest-path", manifest}, filters(platforms)...)...)
}

func filters(platforms []string) []string {
	args := make([]string, 0, 2*len(platforms))
	for _, p := range platforms {
		args = append(args, "--filter-platform", p)
	}
	return args
}

func (c *Cargo) metadata(ctx context.Context, args ...string) (*Metadata, error) {
	all := append([]string{"metadata", "--format-version", "1"}, args...)
	out, err := c.output(ctx, all...)
	if err != nil {
		return nil, err
	}
	var m Metadata
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("read the output of cargo metadata: %w", err)
	}
	return &m, nil
}
