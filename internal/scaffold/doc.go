// Package scaffold makes packages start with opam-cargo: a new binding or executable
// package in an empty directory, what an existing one lacks, and a binding out of a
// package whose dune rule calls cargo. All edits are computed in a [Project] before
// the first file is written; what is not sure is left to the user, and said.
package scaffold
