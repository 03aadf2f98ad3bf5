# make help says what there is. Every target does the set-up that it needs.

export PATH := $(PATH):/usr/local/go/bin
export GOFLAGS ?= -buildvcs=false
GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=
LINT_VERSION = v2.15.0
# The public opam files for the parser's tests; skipped, loudly, where they are not.
export OPAM_CARGO_OPAM_FILES ?= $(wildcard $(abspath ../shared/data/opam-files.tar.gz))

.PHONY: help setup build install test test-crates test-dune test-sccache test-faults soak bench lint demo clean

help:
	@echo 'make setup    install the Debian packages that are missing'
	@echo 'make build    build ./opam-cargo'
	@echo 'make test     set up, check, and run all tests'
	@echo 'make demo     set up, and install and run a real program with two real bindings'
	@echo 'make soak     build SETS random sets of bindings (SETS=$(SETS), SEED=$(SEED))'
	@echo 'make test-faults   kill the tool, and let system calls fail, at FAULTS points of each kind (FAULTS=$(FAULTS))'
	@echo 'make bench    compare with cargo by hand and with bindings built apart (BENCH=$(BENCH))'
	@echo 'make lint     golangci-lint'
	@echo 'make install  install the program to DESTDIR/PREFIX/bin (PREFIX=$(PREFIX))'
	@echo 'make clean    remove all that the targets above made here'

setup:
	@script/setup

build: setup
	$(GO) build -o opam-cargo .

install: opam-cargo
	install -D -m 755 opam-cargo '$(DESTDIR)$(PREFIX)/bin/opam-cargo'

opam-cargo:
	$(GO) build -o $@ .

test-dune: setup
	@script/dune3

test-crates: setup
	@script/test-crates/fetch

test-sccache: setup
	@script/sccache

test: setup test-crates test-dune test-sccache
	@script/check
	$(GO) test -count=1 -timeout 30m ./...

# Kills and failing system calls, at FAULTS points of each kind and command.
FAULTS ?= 60
test-faults: setup test-crates
	OPAM_CARGO_FAULTS=$(FAULTS) $(GO) test -count=1 -timeout 60m ./internal/faults

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
	rm -rf opam-cargo _demo _test _bench
