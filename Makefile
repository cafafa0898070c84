# `make` lists the targets. Everything fetched or built for the build lives in
# $DEKHO_BUILD_CACHE (~/.cache/dekho-build), outside of the checkout.

GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=

# The kernel tree for demo, test and bench: a directory, or else what this
# Debian package holds, fetched without root.
TREE         ?=
TREE_PACKAGE ?= linux-source-6.1
find_tree = $(if $(TREE),$(abspath $(TREE)),$$(scripts/fetch-tree $(TREE_PACKAGE)))

# The kernel packages whose configurations the tests want; they skip without.
TEST_KERNELS := linux-image-amd64_amd64 linux-image-armmp_armhf

# The programs that the tests drive dekho with, each with its Debian package;
# the tests skip without.
TEST_PROGRAMS := gcc:gcc objdump:binutils vim.nox:vim-nox nvim:neovim cscope:cscope ctags:universal-ctags tmux:tmux \
	emacs:emacs-nox qemu-arm-static:qemu-user-static /usr/lib/emacsen-common/packages/install/elpa-xcscope:elpa-xcscope

# The captured boot that the demo explains.
DEMO_LOG ?= testdata/captures/x86-64-faults.log

export CGO_ENABLED = 0

.DEFAULT_GOAL := help
.PHONY: help build demo test lint cross bench fuzz golden capture man install clean
.SUFFIXES:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target what; do printf '  make %-9s %s\n' "$$target" "$$what"; done

build: ## build ./dekho
	$(GO) build -trimpath -o dekho ./cmd/dekho

demo: build ## index a kernel tree (TREE=dir, or a fetched one) and explain a captured boot
	@tree="$(find_tree)" && test -n "$$tree" && \
		./dekho index "$$tree" && ./dekho log --tree "$$tree" $(DEMO_LOG)

test: ## run all tests, those on a real kernel tree included (TREE=dir, or a fetched one)
	@for program in $(TEST_PROGRAMS); do scripts/need $${program%%:*} $${program#*:} || true; done
	@scripts/fetch-neovim >/dev/null || true
	@for kernel in $(TEST_KERNELS); do scripts/fetch-package $${kernel%_*} $${kernel#*_} >/dev/null || true; done
	@scripts/fetch-worlds >/dev/null || true
	@scripts/capture -faults || true
	@tree="$(if $(TREE),$(find_tree),$${DEKHO_TEST_TREE:-$(find_tree)})" && test -n "$$tree" && \
		DEKHO_TEST_TREE="$$tree" $(GO) run ./tools/runtests -- -timeout 20m $(TESTFLAGS) ./...

lint: ## check the Go code with golangci-lint and the scripts with shellcheck
	scripts/lint

cross: ## build for linux on amd64, arm64, arm and riscv64, and for darwin on arm64, into build/
	scripts/cross

bench: build ## measure beside cscope, gtags, ctags, codesearch and ripgrep (BENCH="index query log") into docs/benchmarks/
	@tree="$(find_tree)" && test -n "$$tree" && scripts/bench -phases "$(BENCH)" "$$tree"

fuzz: ## run each fuzz target for FUZZTIME=60s
	scripts/fuzz $(FUZZ)

golden: ## rewrite the expected outputs of the tests: look at the difference before you commit it
	@tree="$(if $(TREE),$(find_tree),$${DEKHO_TEST_TREE:-$(find_tree)})" && test -n "$$tree" && \
		DEKHO_TEST_TREE="$$tree" $(GO) test \
		$$(grep -rlE --include='*_test.go' 'flag\.Bool\("update"' . | xargs -r -n 1 dirname | sort -u) -update

capture: ## boot Debian's kernels under QEMU and save their consoles (ONLY=name,name; ACCEL=kvm tries that first)
	scripts/capture $(if $(ONLY),-only $(ONLY)) $(if $(ACCEL),-accel $(ACCEL))

man: build ## write the man pages to build/man
	mkdir -p build/man && ./dekho man build/man

install: man ## install the binary and its man pages below PREFIX=/usr/local
	install -D -m 755 dekho $(DESTDIR)$(PREFIX)/bin/dekho
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/

clean: ## remove what was built in the checkout (the build's cache stays)
	rm -rf dekho build
