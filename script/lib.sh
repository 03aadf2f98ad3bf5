# shellcheck shell=bash
# Makes a local opam repository of this checkout and an opam root that uses it.
# Sourced by script/demo.

# write FILE: standard input to FILE, if that changes it.
write() {
  mkdir -p "$(dirname "$1")"
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

head_of() { printf 'opam-version: "2.0"\nsynopsis: "%s"\nmaintainer: "demo"\n' "$1"; }

# base_packages REPO: packages that stand for what the machine has.
base_packages() {
  local repo=$1 ocaml dune
  ocaml=$(ocamlfind ocamlopt -version)
  dune=$(dune --version)
  write "$repo/repo" <<<'opam-version: "2.0"'
  { head_of 'The OCaml compiler of the system'
    printf 'flags: compiler\nconflict-class: "ocaml-core-compiler"\n'
    printf 'setenv: [ [OCAMLPATH = "%%{lib}%%"] [CAML_LD_LIBRARY_PATH = "%%{lib}%%/stublibs"] ]\n'
  } | write "$repo/packages/ocaml-system/ocaml-system.$ocaml/opam"
  { head_of 'OCaml'; printf 'flags: conf\ndepends: [ "ocaml-system" {= "%s"} ]\n' "$ocaml"; } | write "$repo/packages/ocaml/ocaml.$ocaml/opam"
  { head_of 'dune of the system'; printf 'depends: [ "ocaml" ]\nbuild: [ ["dune" "--version"] ]\n'; } | write "$repo/packages/dune/dune.$dune/opam"
  { head_of 'ocamlfind of the system'; printf 'depends: [ "ocaml" ]\nbuild: [ ["ocamlfind" "printconf" "path"] ]\n'; } | write "$repo/packages/ocamlfind/ocamlfind.1/opam"
  { head_of 'Rust of the system'; printf 'flags: conf\nbuild: [ ["cargo" "--version"] ["rustc" "--version"] ]\n'; } | write "$repo/packages/conf-rust-2021/conf-rust-2021.1/opam"
}

# tarball DIR FILE: the same bytes whenever the sources are.
tarball() {
  mkdir -p "$(dirname "$2")"
  tar -C "$(dirname "$1")" --sort=name --mtime=@0 --owner=0 --group=0 --mode=u+w,go-w,a+rX \
    --exclude=_build --exclude=_opam --exclude=.git --exclude=target -I 'gzip -n' -cf "$2" "$(basename "$1")"
}

url_of() { printf 'url { src: "file://%s" checksum: "sha256=%s" }\n' "$1" "$(sha256sum "$1" | cut -d' ' -f1)"; }

# tool_packages REPO: the tool's release, of the files that lie here, and what the
# project's own repository has for it.
tool_packages() {
  local version
  version=$(sed -n 's/^version: "\(.*\)"$/\1/p' opam-cargo.opam)
  mkdir -p "$1/cache"
  script/dist "$1/cache" here
  cp -R opam-repository/packages "$1"
  { cat opam-cargo.opam; url_of "$1/cache/opam-cargo-$version.tar.gz"; } | write "$1/packages/opam-cargo/opam-cargo.$version/opam"
}

# source_package REPO DIR NAME.VERSION EXTRA: EXTRA is a file with more for the opam file.
source_package() {
  local name=${3%%.*} file=$1/cache/$3.tar.gz
  tarball "$2" "$file"
  { cat "$2/$name.opam"; url_of "$file"; cat "$4"; } | write "$1/packages/$name/$3/opam"
}

# extra_sources LOCK CARGO_HOME: an extra-source for each registry crate of a lock,
# from cargo's download cache. (No lock, no sections.)
extra_sources() {
  [ -e "$1" ] || return 0
  awk -F'"' '/^name = /{n=$2} /^version = /{v=$2} /^checksum = /{print n"-"v, $2}' "$1" | while read -r crate sum; do
    printf 'extra-source "rust/.opam-cargo/crates/%s.crate" { src: "file://%s" checksum: "sha256=%s" }\n' \
      "$crate" "$(echo "$2"/registry/cache/*/"$crate.crate")" "$sum"
  done
}

# opam_environment DIR: an opam root of its own below DIR, and nothing of the user's.
opam_environment() {
  local cargo_bin rustup
  cargo_bin=$(dirname "$(command -v cargo)")
  rustup=${RUSTUP_HOME:-$HOME/.rustup}
  export OPAMROOT=$1/opam OPAMROOTISOK=1 OPAMYES=1 OPAMCOLOR=never RUSTUP_HOME=$rustup
  export OPAMASSUMEDEPEXTS=1 # script/setup has seen to them; Go need not be the distribution's
  # opam 2.1's sandbox shows /usr, /home and /tmp, but not another HOME.
  export OPAM_USER_PATH_RO=$cargo_bin:$rustup:$HOME/.cargo
  export HOME=$1/home CARGO_HOME=$1/no-cargo-home
  unset OPAMSWITCH OPAM_SWITCH_PREFIX XDG_CACHE_HOME OCAMLPATH CAML_LD_LIBRARY_PATH
}
