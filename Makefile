# Two commands for everybody: `make run` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS += --silent
# Compiled bytecode makes every start faster; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8080
STAGE ?= dev
PYTHON := .venv/bin/python
UV := .venv/bin/uv
SYNC := pip sync --quiet --require-hashes --compile-bytecode
LOCK := pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.13 --universal

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# One environment for development and tests, with the layer's own versions.
.PHONY: .venv
.venv: .venv/.ready ## build the development environment
.venv/.ready: requirements/dev.txt requirements/bootstrap.txt pyproject.toml
	python=$$(sh local/find_python.sh)
	echo "Installing the development environment into .venv"
	[ -x $(PYTHON) ] || "$$python" -m venv .venv
	[ -x $(UV) ] || $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(UV) $(SYNC) --python $(PYTHON) requirements/dev.txt
	$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation --editable .
	touch $@

.PHONY: lock
lock: .venv ## resolve requirements/*.in again into pinned files with hashes
	$(UV) $(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(UV) $(LOCK) requirements/layer.in -o layers/common/requirements.txt
	if [ -f requirements/slip.in ]; then $(UV) $(LOCK) requirements/slip.in -o functions/appointment_slip/requirements.txt; fi
	$(UV) $(LOCK) requirements/dev.in -o requirements/dev.txt
	$(UV) $(LOCK) requirements/sam.in -o requirements/sam.txt
	$(UV) $(LOCK) requirements/contract.in -o requirements/contract.txt
