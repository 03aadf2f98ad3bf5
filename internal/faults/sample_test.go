package faults

// sampled are the failures of make test, for each operation: every call of a kind on a
// file of the world fails, or the tool is killed instead of making the first. They are
// named by the file and not by counting calls, whose order and number differ between
// runs; each must be reached.
var sampled = map[string][]failure{
	"install": {
		{call: "openat", inject: "error=EIO", file: "foo/Cargo.toml"},
		{call: "getdents64", inject: "error=EIO", file: "foo/data"},
		{call: "copy_file_range", inject: "error=ENOSPC", file: "foo/data/b"},
		{call: "flock", inject: "error=EIO", file: "prefix/rust-bindings"},
		{call: "renameat2", inject: "error=ENOSPC", file: "prefix/rust-bindings/foo"},
		{call: "renameat", inject: "signal=SIGKILL", file: "prefix/rust-bindings/foo"},
	},
	"install-anew": {
		{call: "newfstatat", inject: "error=EIO", file: "foo/data/b"},
		{call: "unlinkat", inject: "error=EIO", file: "prefix/rust-bindings/.foo.old"},
		{call: "renameat2", inject: "error=EIO", file: "prefix/rust-bindings/foo"},
		{call: "renameat2", inject: "signal=SIGKILL", file: "prefix/rust-bindings/foo"},
	},
	"synth": {
		{call: "openat", inject: "error=EIO", file: "prefix/rust-bindings/foo/Cargo.lock"},
		{call: "mkdirat", inject: "error=ENOSPC", file: "pack/_build/.opam-cargo/crates"},
		{call: "statx", inject: "error=EIO", file: "pack/_build/.opam-cargo/Cargo.lock"},
		{call: "openat", inject: "error=EIO", file: "pack/_build/.opam-cargo/crates/log-0.4.20/Cargo.toml"},
		{call: "renameat", inject: "error=ENOSPC", file: "pack/_build/.opam-cargo/Cargo.lock"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/bindings/.staged.json"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/crates/log-0.4.20"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/plan.json"},
	},
	"build": {
		{call: "flock", inject: "error=EIO", file: "pack/_build/.opam-cargo/.lock"},
		{call: "ftruncate", inject: "error=ENOSPC", file: "pack/_build/.opam-cargo/Cargo.lock"},
		{call: "symlinkat", inject: "error=ENOSPC", file: "pack/_build/.opam-cargo/tools/opam-cargo-rustc.new"},
		{call: "flock", inject: "error=EIO", file: "pack/_build/.opam-cargo/cargo-home/.package-cache"},
		{call: "renameat", inject: "error=ENOSPC", file: "pack/rust-bindings/librust_bindings.a"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/rust-bindings/librust_bindings.a"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/out/last.json"},
	},
	"build-anew": {
		{call: "read", inject: "error=EIO", file: "pack/_build/.opam-cargo/out/last.json"},
		{call: "openat", inject: "error=EIO", file: "prefix/rust-bindings/foo/src/lib.rs"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/bindings/foo/data/a"},
		{call: "unlinkat", inject: "signal=SIGKILL", file: "pack/_build/.opam-cargo/out/last.json"},
		{call: "renameat", inject: "error=EIO", file: "pack/rust-bindings/rust-bindings.json"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/rust-bindings/rust-bindings.json"},
	},
	"lock": {
		{call: "read", inject: "error=EIO", file: "prefix/rust-bindings/foo/Cargo.lock"},
		{call: "statx", inject: "error=EIO", file: "pack/_build/.opam-cargo/Cargo.lock"}, // by cargo, which takes it for absent
		{call: "renameat", inject: "error=ENOSPC", file: "pack/rust-bindings/Cargo.lock"},
		{call: "renameat", inject: "signal=SIGKILL", file: "pack/rust-bindings/Cargo.lock"},
	},
	"fetch": {
		{call: "read", inject: "error=EIO", file: "own/own.opam"},
		{call: "openat", inject: "error=EIO", file: "own/rust/Cargo.lock"},
		{call: "renameat", inject: "error=ENOSPC", file: "own/rust/.opam-cargo/crates/log-0.4.20.crate"},
		{call: "renameat", inject: "signal=SIGKILL", file: "own/rust/.opam-cargo/crates/log-0.4.20.crate"},
	},
}

// milestones are what appears while an operation runs, in the order in which it does.
var milestones = map[string][]string{
	"install":      {"tmp/opam-cargo*", "prefix/rust-bindings"},
	"install-anew": {"tmp/opam-cargo*", "prefix/rust-bindings/foo/data/b"},
	"synth":        {"pack/_build/.opam-cargo/bindings", "pack/_build/.opam-cargo/crates/log-0.4.20", "pack/_build/.opam-cargo/plan.json"},
	"build": {"pack/_build/.opam-cargo/Cargo.lock", "pack/_build/.opam-cargo/target", "pack/_build/.opam-cargo/target/release/deps/*log*",
		"pack/_build/.opam-cargo/target/release/librust_bindings.a", "pack/rust-bindings"},
	"build-anew": {"pack/_build/.opam-cargo/bindings/foo/data/b"},
	"lock":       {"pack/_build/.opam-cargo/bindings", "pack/_build/.opam-cargo/Cargo.lock"},
	"fetch":      {"own/rust/.opam-cargo"},
}
