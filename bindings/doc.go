// Package bindings is the first step of the pipeline: it installs the Rust tree
// of a binding package ([Install]) and finds the trees that a program needs
// ([Discover]): its root ([FindRoot]), the dependency cone of its opam package
// read from the switch, and for each binding package in it the one tree that
// stands for it.
package bindings

// Dir is the directory of a prefix that holds the installed trees.
const Dir = "rust-bindings"

// Getenv looks up an environment variable; empty and unset are the same.
type Getenv func(name string) string

// Origin says where a binding's tree was taken from.
type Origin string

// The origins of a tree.
const (
	Installed Origin = "installed" // <prefix>/rust-bindings/<pkg>, or a directory of OPAM_CARGO_PATH
	InTree    Origin = "in-tree"   // the root's own
	Workspace Origin = "workspace" // another project of the same dune workspace
	Override  Origin = "override"  // OPAM_CARGO_OVERRIDE
)

// Binding is a binding package with the tree that stands for it.
type Binding struct {
	Package string   // opam package
	Version string   // its opam version; empty where opam has not given one
	Dir     string   // the tree, absolute
	Shown   string   // the tree as the user knows it, relative to the root where it lies in it
	Origin  Origin   //
	Named   []string // exported crates named by --crate; empty: see [Layout]
}
