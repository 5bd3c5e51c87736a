# Every command a person needs. `make check` and `make test` are what CI runs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCK   := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
          --no-annotate --no-header --no-emit-index-url --no-emit-find-links

.PHONY: check test test-long bench demo serve openapi package lock clean
.DEFAULT_GOAL := test

$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "preflight needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV) >&2
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt >&2
	@touch $@

test: $(READY)           ## the whole suite, each of two workers on an embedded cloud of its own
	$(BIN)/pytest -m "not long" -n 2 --dist loadfile

test-long: $(READY)      ## the proofs that take minutes, and the suite
	$(BIN)/pytest

bench: $(READY)          ## how fast the door is: a table (JSON=1: and one JSON object); some thirteen minutes
	@$(BIN)/python -m tests.performance.bench $(if $(JSON),--json)

check: $(READY)          ## style, types, rooms, template, commit messages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/python .ci/commit_messages.py

demo: $(READY)           ## a group of 100 servers goes in, a wave starts at once
	@$(BIN)/python -m local demo $(if $(JSON),--json)

serve: $(READY)          ## the embedded cloud, until Ctrl-C
	@$(BIN)/python -m local serve

package: $(READY)        ## build/function: the rooms and their pinned dependencies, for Lambda on arm64
	$(BIN)/python -m local.package

openapi: $(READY)        ## docs/openapi.json, from the models and the code
	@$(BIN)/python -m local.openapi

lock: $(READY)           ## pin again what pyproject.toml asks for (needs uv); what is deployed is what was tested
	$(LOCK) --group dev -o requirements-dev.txt
	$(LOCK) --constraint requirements-dev.txt -o requirements.txt

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
