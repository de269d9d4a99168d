# Two commands: `make demo` and `make test`. Both set everything up under the clone first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make
ENGINE := .cometbft/bin/cometbft
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Processes that share the tests; the long ones of tests/integration come first, as collected.
WORKERS ?= 2
SHARED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help setup setup-dev demo test test-long test-slow test-faults lint types layers coverage bench bench-slow lock protos cometbft clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/setup: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing locked dependencies (hash-checked) …"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/setup-dev: requirements-dev.lock $(STAMPS)/setup
	@echo "Installing locked development tools (hash-checked) …"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip check
	@mkdir -p $(STAMPS) && touch $@

setup: $(STAMPS)/setup ## Install Hanse into .venv
setup-dev: $(STAMPS)/setup-dev ## Install Hanse and its development tools into .venv

demo: $(STAMPS)/setup ## Six organisations, one collaboration, end to end (ARGS="--keep")
	@$(BIN)/hanse demo $(ARGS)

test: $(STAMPS)/setup-dev ## Run the tests
	@$(BIN)/python -m pytest $(SHARED) -m "not long and not slow and not faults" $(ARGS)

test-long: $(STAMPS)/setup-dev ## Run what is too long for `make test`: whole networks, large tables
	@$(BIN)/python -m pytest $(SHARED) -m "long" $(ARGS)

test-slow: $(STAMPS)/setup-dev ## Run the suites that take hours
	@$(BIN)/python -m pytest -o faulthandler_timeout=10800 -m "slow" $(ARGS)

test-faults: $(STAMPS)/setup-dev $(ENGINE) ## Strike at a network of four validators, every way we know
	@HANSE_COMETBFT="$${HANSE_COMETBFT:-$(CURDIR)/$(ENGINE)}" \
	  $(BIN)/python -m pytest -o faulthandler_timeout=3600 -m "faults" $(ARGS)

coverage: $(STAMPS)/setup-dev ## Coverage of crypto, ledger and contracts (must be at least 95 %)
	@$(BIN)/python -m pytest $(SHARED) -m "not long and not slow" --cov=hanse.crypto --cov=hanse.ledger --cov=hanse.contracts \
	  --cov-report=term:skip-covered --cov-fail-under=95 \
	  tests/unit tests/scenarios tests/property tests/conformance tests/vectors \
	  tests/integration/test_consensus_engine.py $(ARGS)

lint: $(STAMPS)/setup-dev ## Style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMPS)/setup-dev ## Types
	@$(BIN)/mypy

layers: $(STAMPS)/setup-dev ## Imports run only downwards
	@$(BIN)/lint-imports --no-cache

bench: $(STAMPS)/setup-dev ## Benchmarks beside their limits
	@$(BIN)/python bench/run.py $(ARGS)

# Two parties on one machine: some 25 GB of disk, 8 GiB of memory and half an hour.
bench-slow: $(STAMPS)/setup-dev ## Private intersection of 100 million rows beside libpsi alone
	@$(BIN)/python bench/psi.py --rows 100000000 --rounds 1 $(ARGS)

# Not setup-dev itself: it checks the very locks that are to be renewed.
$(BIN)/pip-compile:
	@$(MAKE) setup-dev

lock: | $(BIN)/pip-compile ## Renew the lock files
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --extra build -o requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --extra build --extra dev -o requirements-dev.lock pyproject.toml

cometbft: $(ENGINE) ## Install the consensus engine of the production ledger into .cometbft
$(ENGINE): $(STAMPS)/setup
	@$(BIN)/python tools/cometbft.py $(ENGINE)

protos: $(STAMPS)/setup-dev ## Renew the messages generated from .proto files
	@cd src && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. \
	  hanse/ledger/bft/abci/abci.proto

clean: ## Remove what the build and the tests made (not .venv)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .coverage build dist
