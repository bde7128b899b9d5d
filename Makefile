# awslab-operator: `make help` explains every target.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# uv where it is on the PATH; else one of our own in the user's cache folder.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/awslab
UV ?= $(or $(shell command -v uv 2>/dev/null),$(CACHE)/uv/bin/uv)
UV_VERSION := 0.13.9
RUN := $(UV) run --locked --extra local

$(CACHE)/uv/bin/uv:
	@echo "installing uv $(UV_VERSION) into $(CACHE)/uv (no uv on the PATH)"
	@mkdir -p $(CACHE)
	@python3 -m venv $(CACHE)/uv
	@$(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.PHONY: install
install: $(UV) ## Install the locked dependencies into .venv
	@$(UV) sync --quiet --locked --extra local

.PHONY: lint
lint: install ## Check style, types and layers
	@$(RUN) ruff check --output-format concise .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

.PHONY: format
format: install ## Put the code into its canonical form
	@$(RUN) ruff check --fix --quiet . || true
	@$(RUN) ruff format .

.PHONY: generate
generate: install ## Write CRDs, policies, RBAC and the API reference from the models
	@$(RUN) python -m awslab.codegen

.PHONY: verify
verify: install ## Check that what is generated is up to date
	@$(RUN) python -m awslab.codegen --check

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'
