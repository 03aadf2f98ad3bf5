# make help says what there is. Every target does the set-up that it needs.

export PATH := $(PATH):/usr/local/go/bin
export GOFLAGS ?= -buildvcs=false
GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=
# Where a distribution or opam wants them elsewhere, it says so.
MANDIR  = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR  = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
LINT_VERSION = v2.15.0
# The public opam files for the parser's tests; skipped, loudly, where they are not.
export OPAM_CARGO_OPAM_FILES ?= $(wildcard $(abspath ../shared/data/opam-files.tar.gz))

# A release has a file VERSION and its Go modules: it is built with these and the Go
# that is there, without network, and writes nowhere else.
ifneq ($(wildcard VERSION),)
VERSION := $(shell cat VERSION)
export GOFLAGS := -mod=vendor -buildvcs=false
export GOPROXY := off
export GOTOOLCHAIN := local
export GOCACHE := $(CURDIR)/_build/go
export GOPATH := $(CURDIR)/_build/gopath
else
VERSION = dev$(addprefix -,$(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null))
endif

.PHONY: help setup build install dist test test-crates test-dune test-sccache test-faults test-matrix test-real soak bench lint demo clean

help:
	@echo 'make setup    install the Debian packages that are missing'
	@echo 'make build    build ./opam-cargo'
	@echo 'make test     set up, check, and run all tests'
	@echo 'make demo     set up, and install and run a real program with two real bindings'
	@echo 'make soak     build SETS random sets of bindings (SETS=$(SETS), SEED=$(SEED))'
	@echo 'make test-faults   kill the tool, and let system calls fail, at FAULTS points of each kind (FAULTS=$(FAULTS))'
	@echo 'make test-matrix   run the tests in other Debian releases, made below _test (MATRIX=world ...)'
	@echo 'make test-real   move the packages in the directories OPAM_CARGO_REAL, install them, build programs with them, and print a table'
	@echo 'make bench    compare with cargo by hand and with bindings built apart (BENCH=$(BENCH))'
	@echo 'make lint     golangci-lint'
	@echo 'make install  install the program, its man page and completions to DESTDIR/PREFIX (PREFIX=$(PREFIX))'
	@echo 'make dist     make the tarball of a release from the last commit'
	@echo 'make clean    remove all that the targets above made here'

setup:
	@script/setup

compile = CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X github.com/opam-cargo/opam-cargo/internal/cli.version=$(VERSION)' -o opam-cargo .

build: setup
	$(compile)

# For packages: no set-up. opam's sandbox has no network for what a checkout lacks.
opam-cargo:
	@[ -e VERSION ] || [ -z "$(OPAM_PACKAGE_NAME)" ] || { echo "opam cannot build a checkout, which has no Go modules: run make dist in it, then opam pin add opam-cargo ./opam-cargo-VERSION.tar.gz" >&2; exit 1; }
	$(compile)

install: opam-cargo
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	install -m 755 opam-cargo '$(DESTDIR)$(PREFIX)/bin/opam-cargo'
	umask 022 && ./opam-cargo generate man >'$(DESTDIR)$(MANDIR)/man1/opam-cargo.1'
	umask 022 && ./opam-cargo generate bash >'$(DESTDIR)$(BASHDIR)/opam-cargo'
	umask 022 && ./opam-cargo generate zsh >'$(DESTDIR)$(ZSHDIR)/_opam-cargo'
	umask 022 && ./opam-cargo generate fish >'$(DESTDIR)$(FISHDIR)/opam-cargo.fish'

dist:
	@script/dist

test-dune: setup
	@script/dune3

test-crates: setup
	@script/test-crates/fetch

test-sccache: setup
	@script/sccache

# A tool that cannot be brought skips only the scripts that need it; not in CI.
test: setup
	@for by in test-crates/fetch dune3 sccache; do \
	  script/$$by || { echo "test: SKIPPED: the scripts that need what script/$$by brings" >&2; [ "$${CI:-}" != true ] || exit 1; }; \
	done
	@script/check
	$(GO) test -count=1 -timeout 30m ./...

# Kills and failing system calls, at FAULTS points of each kind and command.
FAULTS ?= 60
test-faults: setup test-crates
	OPAM_CARGO_FAULTS=$(FAULTS) $(GO) test -count=1 -timeout 120m ./internal/faults

# Takes half an hour, and a few minutes for one world, such as MATRIX=trixie+rustup.
MATRIX ?=
test-matrix: setup test-crates test-sccache
	@script/setup debootstrap:debootstrap
	@$(GO) mod download
	@script/matrix/run $(MATRIX)

# Moves checkouts of packages of today and prints a table: OPAM_CARGO_REAL=DIR:DIR... Uses the network.
test-real: setup
	$(GO) test -count=1 -v -timeout 240m ./internal/realtest

# Random sets of bindings, against a model: SETS of them from the seed SEED.
SETS ?= 200
SEED ?= 1
soak: setup
	OPAM_CARGO_SOAK=$(SETS) OPAM_CARGO_SOAK_SEED=$(SEED) $(GO) test -count=1 -timeout 60m ./internal/soak

# Takes a quarter of an hour; BENCH="-only scale" is one part of it.
BENCH ?=
bench: setup
	@script/bench $(BENCH)

lint: setup
	@script/lint $(LINT_VERSION)

demo: setup
	@script/demo

clean:
	[ ! -d _test/matrix ] || { [ -w _test/matrix ] || sudo=sudo; $$sudo rm -rf --one-file-system _test/matrix; }
	rm -rf opam-cargo opam-cargo-*.tar.gz _build _demo _test _bench
