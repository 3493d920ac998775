# make help lists the targets. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := tests/command_line/consumers tests/browser

.DEFAULT_GOAL := help
.PHONY: help install run picture test lint format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Create .venv with .venv/bin/scalability-bot

run: $(VENV)/.installed ## Start everything: with a GitHub App's credentials for github.com, without them the sandbox
	@exec $(BIN)/scalability-bot run

picture: $(VENV)/.installed-dev ## Make README's picture anew (needs Chromium)
	@UPDATE_PICTURE=1 $(BIN)/python -m pytest --quiet tests/end_to_end/test_picture.py

test: $(VENV)/.installed-dev $(NODE:%=%/.installed) ## Run the whole test suite
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed-dev ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# For every Python from the lowest that README names (Debian 12 has 3.11.2) and for aarch64 and x86-64, whatever runs this:
# what only some of them need stands in the lock with a marker. tests/deploy/test_lock.py resolves it for each.
lock: ## Pin the newest allowed versions with hashes (needs uv)
	@uv pip compile --quiet --upgrade $(LOCK_FLAGS) --extra build --output-file requirements.txt pyproject.toml
	@uv pip compile --quiet --upgrade $(LOCK_FLAGS) --extra build --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --strip-extras

clean: ## Remove .venv and caches (never the data folder)
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build *.egg-info

$(VENV)/.installed: requirements.txt pyproject.toml deploy/bootstrap.sh
	@PYTHON="$(PYTHON)" sh deploy/bootstrap.sh $(VENV) requirements.txt
	@touch $@

# What reads the formats of `check`, and what judges the pages; without npm the tests that want them are skipped, except in CI.
$(NODE:%=%/.installed): %/.installed: %/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $* --ignore-scripts --no-audit --no-fund --silent; fi
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@PYTHON="$(PYTHON)" sh deploy/bootstrap.sh $(VENV) requirements-dev.txt
	@touch $@
