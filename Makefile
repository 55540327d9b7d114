# `make quickstart` shows it, `make test` proves it, `make clean` removes all of it. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
lab := acceptance-tests/lab/lab

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: quickstart
quickstart: ## A cluster, Argo CD, an app of apps and a tenant on this machine
	@acceptance-tests/quickstart check
	@$(MAKE) --no-print-directory provider
	@acceptance-tests/quickstart up

.PHONY: test
test: ## All tests, and how long each part took
	@acceptance-tests/all fmt lint lab unit deny kind interop examples acceptance

# What `make test` leaves out, or makes smaller, because it takes too long.
long := ACCEPTANCE_BOTH=1 ACCEPTANCE_CAELUS=1 ACCEPTANCE_CANARY=1 ACCEPTANCE_ONTU=both ACCEPTANCE_ORDER=100 \
	ACCEPTANCE_PINS=2000000 ACCEPTANCE_TENANTS=200 GITOPS_TEST_DOCUMENTS=334

.PHONY: nightly
nightly: ## Everything that takes hours: what `make test` skips or makes smaller, other random inputs, the benchmark
	@failed=0; \
	GITOPS_TEST_INPUTS=1000000 acceptance-tests/all --hours 6 unit || failed=1; \
	$(long) acceptance-tests/all --hours 6 lab interop acceptance bench soak || failed=1; \
	exit $$failed

.PHONY: fmt
fmt: ## Formatting, checked
	cargo fmt --all --check

.PHONY: lint
lint: ## Lints, with warnings denied
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --test acceptance --locked -- -D warnings

# Four at a time: many of them wait for a server, a deadline or a child.
.PHONY: unit
unit: ## Tests that need no lab
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} cargo test --workspace --locked --no-fail-fast

.PHONY: soak
soak: ROUNDS ?= 10
soak: ## The same with other random inputs, ROUNDS times (10), or until a test fails
	for round in $$(seq $(ROUNDS)); do \
		export PROPTEST_RNG_SEED=$$SRANDOM; \
		export PLAN_SEED=$$PROPTEST_RNG_SEED GITOPS_TEST_SEED=$$PROPTEST_RNG_SEED; \
		echo "== round $$round: PROPTEST_RNG_SEED=PLAN_SEED=GITOPS_TEST_SEED=$$PROPTEST_RNG_SEED"; \
		cargo test --workspace --locked; \
	done

.PHONY: deny
deny: ## Dependencies: what is banned, their licences, where they come from
	$(lab) deny
	eval "$$($(lab) env)"; cargo-deny --locked check bans licenses sources

.PHONY: provider
provider: ## The provider, as the tests and the quickstart use it
	cargo build --workspace --bin terraform-provider-gitops $(beside) --locked

# Built beside the tests the provider shares all of their dependencies: features are the same. The notes are another
# provider, which panics when it is told to.
examples: beside := --test acceptance
acceptance: beside := --test acceptance --example notes

.PHONY: lab
lab: ## A kind cluster, a registry, Argo CD's images and a Git server on this machine, and what interop tests need
	$(lab) up
	$(lab) extras

.PHONY: kind
kind: ## The verbs' tests that need a real kind and helm, which `unit` skips; needs `make lab`
	eval "$$($(lab) env)"; \
	[ -n "$${KIND_CONFIG:-}" ] || { echo "skipped: KUBECONFIG names a cluster, so none is made here"; exit 0; }; \
	GITOPS_TEST_REAL=1 GITOPS_TEST_KIND_CONFIG="$$(cat "$$KIND_CONFIG")" \
		cargo test --workspace --lib --test kind_real --locked -- real:: helm:: --skip sops::

.PHONY: interop
interop: ## Our formats against the real sops and kubeseal, both ways, which `unit` skips; needs `make lab`
	eval "$$($(lab) env)"; \
	GITOPS_TEST_REAL=1 cargo test --workspace --lib --test kubeseal_real --locked -- real:: sops_program::

.PHONY: examples
examples: provider ## Formatting and validity of all examples and modules
	cargo test --workspace --test acceptance --locked -- examples::

# Three at a time: most of a test is waiting for a cluster.
.PHONY: acceptance
acceptance: provider ## The examples against real clusters, on Terraform and OpenTofu; needs `make lab`
	cargo test --workspace --test acceptance --locked -- --skip examples:: --test-threads=3

.PHONY: fuzz
fuzz: ## All parsers of what others wrote, under libFuzzer, TIME=60 seconds each; TARGETS="yaml_path manifest" for some
	@fuzz/run $(TARGETS)

# Three sections run programs of ours that have dependencies of their own: with the features of the tests.
programs := $(if $(SECTIONS),$(filter seal sops secrets,$(SECTIONS)),all)

.PHONY: bench
bench: ## How fast it is, against Go providers, kubeseal, sops and work by hand, and what it withstands; SECTIONS="size start" for some; needs `make lab`
	-$(lab) peers
	cargo build --package terraform-provider-gitops --locked --release
	$(if $(programs),cargo build --workspace --example formats --example notes --locked --release)
	cargo run --package gitops-acceptance-tests --bin bench --locked -- $(SECTIONS)

.PHONY: docs
docs: ## Writes the reference under docs/ anew
	UPDATE_DOCS=1 cargo test --package terraform-provider-gitops --locked the_reference

.PHONY: clean
clean: ## Removes what the quickstart, the lab and the tests have made
	@acceptance-tests/quickstart clean all
	$(lab) clean
	cargo clean
