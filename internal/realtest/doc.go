// Package realtest is a test only: it moves checkouts of packages of today with
// `opam-cargo init --from-vendor`, installs them, builds programs with them, and prints
// a table. The checkouts are the user's: OPAM_CARGO_REAL lists their directories.
package realtest
