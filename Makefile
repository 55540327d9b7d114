# `make quickstart` shows it, `make test` proves it, `make clean` removes all of it. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: test
test: fmt lint unit ## All tests

.PHONY: fmt
fmt: ## Formatting, checked
	cargo fmt --all --check

.PHONY: lint
lint: ## Lints, with warnings denied
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: unit
unit: ## Tests that need no lab
	cargo test --locked
