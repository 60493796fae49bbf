# What a developer does here: `make help` lists it. Nothing below knows a machine or a registry.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMP := .venv/.set-up
SOURCES := src tests tools
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
APT := apt-get -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20

.PHONY: help setup demo test test-slow soak bench check lint style types walls shape fix services lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv from requirements.lock, once (PYTHON=… chooses the interpreter)

$(STAMP): requirements.lock pyproject.toml
	@python=; for name in $(or $(PYTHON),python3.11 python3); do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$name"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  found="$$( $(or $(PYTHON),python3) --version 2>&1)" || found="no Python"; \
	  echo "Quorum needs Python 3.11 or newer, found $$found; install one, or name it: make setup PYTHON=..." >&2; \
	  exit 1; \
	fi; \
	echo "setup: $$("$$python" --version) in .venv"; \
	"$$python" -m venv .venv
	@echo "setup: $$(grep -c '==' requirements.lock) packages from requirements.lock, some minutes the first time"
	@$(PIP) --require-hashes -r requirements.lock
	@echo "setup: quorum itself"
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(STAMP)
	@echo "setup: done"

demo: setup ## the whole desk on embedded data; writes report.html
	@$(BIN)/quorum demo --report report.html

test: setup ## all tests but the slow ones (ARGS="tests/risk -x" goes to pytest)
	@$(BIN)/pytest -n auto -m "not slow" $(ARGS)

bench: setup ## the promised numbers beside their floors (ARGS="help backtest" chooses)
	@$(BIN)/quorum bench $(ARGS)

test-slow: setup ## the slow tests
	@$(BIN)/pytest -n auto -m slow $(ARGS)

soak: setup ## two workers on busy cores must not be taken for dead (MINUTES=30, needs PostgreSQL)
	@cd tests && ../$(BIN)/python -m running.soak $(or $(MINUTES),30)

check: lint style types walls shape ## everything that reads the sources; `make -k check` does not stop at the first

lint: setup ## ruff's rules
	@$(BIN)/ruff check $(SOURCES)

style: setup ## ruff's format
	@$(BIN)/ruff format --check $(SOURCES)

types: setup ## mypy, strict
	@$(BIN)/mypy --strict
	@$(BIN)/mypy --strict tools/*.py

walls: setup ## who may import whom (.importlinter)
	@$(BIN)/lint-imports --no-logo

shape: setup ## sizes, faces and rings of imports
	@$(BIN)/python tools/size_meter.py src/quorum

fix: setup ## let ruff mend what it can
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

services: ## Debian packages that some tests need, where they are missing
	@missing=; \
	command -v chromium chromium-browser google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v initdb /usr/lib/postgresql/*/bin/initdb >/dev/null || missing="$$missing postgresql"; \
	if [ -z "$$missing" ]; then \
	  echo "services: a browser and PostgreSQL are here"; \
	elif ! command -v apt-get >/dev/null; then \
	  echo "services: no apt-get on this machine, install$$missing by hand; going on"; \
	else \
	  echo "services: installing$$missing"; \
	  as="$$([ "$$(id -u)" = 0 ] || echo sudo --non-interactive)"; \
	  { $$as $(APT) update && $$as env DEBIAN_FRONTEND=noninteractive $(APT) install -y --no-install-recommends $$missing; } \
	    >/dev/null || echo "services: apt-get could not install$$missing, see above; going on"; \
	fi

lock: ## make requirements.lock again, with uv (ARGS=--upgrade takes newer versions)
	@command -v uv >/dev/null || { echo "make lock needs uv; install it, as with: pipx install uv" >&2; exit 1; }
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet --output-file requirements.lock $(ARGS)
	@echo "lock: $$(grep -c '==' requirements.lock) packages"

clean: ## remove what runs leave behind; .venv stays
	@rm -rf build dist demo report.html .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
