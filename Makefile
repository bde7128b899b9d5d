# awslab-operator: `make help` explains every target.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# uv where it is on the PATH; else one of our own in the user's cache folder.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/awslab
UV ?= $(or $(shell command -v uv 2>/dev/null),$(CACHE)/uv/bin/uv)
UV_VERSION := 0.13.9
IMAGE ?= awslab-operator:dev
RUN := $(UV) run --locked --extra local
PYTEST := $(RUN) pytest
# Processes of `make test`; 0 runs one test after the other.
WORKERS ?= 3

$(CACHE)/uv/bin/uv:
	@echo "installing uv $(UV_VERSION) into $(CACHE)/uv (no uv on the PATH)"
	@mkdir -p $(CACHE)
	@python3 -m venv $(CACHE)/uv
	@$(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

##@ See it work

.PHONY: demo
demo: install ## Show a LabVpc made, repaired, changed and deleted, in a local world of its own
	@$(RUN) awslab demo

.PHONY: demo-pipeline
demo-pipeline: install ## Show a DataPipeline that runs: a file is dropped, results come out
	@$(RUN) awslab demo --pipeline

.PHONY: up
up: install ## Start a local world with the operator, for your own kubectl and aws
	@$(RUN) awslab local up --operator
	@echo "Then, for example: kubectl create namespace lab && kubectl apply -f examples/vpc.yaml"

.PHONY: down
down: install ## End the world that `make up` started
	@$(RUN) awslab local down

##@ Tests

.PHONY: test
test: tools ## Run all tests (but the whole fault matrix, and those that need Docker)
	@$(PYTEST) -n $(WORKERS) --no-loadscope-reorder

.PHONY: unit
unit: install ## Run the tests that need no process: seconds
	@$(PYTEST) tests/unit

.PHONY: e2e
e2e: tools ## Run the operator's process against a real API server and the local AWS
	@$(PYTEST) tests/e2e

.PHONY: faults
faults: tools ## Kill the operator at every call to AWS of each kind's life, and try every fault and size: an hour
	@$(PYTEST) -n $(WORKERS) --no-loadscope-reorder -m "not kind" tests/faults tests/e2e/test_ha.py tests/e2e/test_resilience.py tests/contract/test_iam_named.py tests/contract/test_pipeline_roles.py tests/unit/functions/test_size.py

.PHONY: test-kind
test-kind: install ## Run the end-to-end tests on a kind cluster, with the image; needs Docker and kind
	@$(PYTEST) -m kind tests/kind

.PHONY: tools
tools: install ## Download or build the control plane, helm and kubeconform, once
	@$(RUN) awslab local fetch --tools

.PHONY: bench
bench: install ## Measure, and write docs/benchmarks.md: a quarter of an hour
	@$(RUN) python -m benchmarks

##@ Work on it

.PHONY: install
install: $(UV) ## Install the locked dependencies into .venv
	@$(UV) sync --locked --extra local $(if $(wildcard .venv/bin/awslab),--quiet)

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

.PHONY: pr
pr: lint verify test ## All that a change must pass

.PHONY: image
image: ## Build the operator's image; needs Docker
	@docker build --tag $(IMAGE) .

.PHONY: help
help: ## Show this help
	@if [ -t 1 ]; then bold=$$'\033[1m' name=$$'\033[36m' plain=$$'\033[0m'; fi; \
	awk -F ':.*## ' -v bold="$${bold-}" -v name="$${name-}" -v plain="$${plain-}" \
		'/^##@/ { printf "\n%s%s%s\n", bold, substr($$0, 5), plain } \
		/^[a-z0-9-]+:.*## / { printf "  %s%-13s%s %s\n", name, $$1, plain, $$2 }' $(MAKEFILE_LIST)
