# make help lists the targets. Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install run test lint format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Create .venv with .venv/bin/scalability-bot

run: $(VENV)/.installed ## Start everything: with a GitHub App's credentials for github.com, without them the sandbox
	@exec $(BIN)/scalability-bot run

test: $(VENV)/.installed-dev ## Run the whole test suite
	@exec $(BIN)/python -m pytest

lint: $(VENV)/.installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed-dev ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Pin the newest allowed versions with hashes (needs pip-tools)
	@pip-compile --quiet --upgrade $(LOCK_FLAGS) --extra build --output-file requirements.txt pyproject.toml
	@pip-compile --quiet --upgrade $(LOCK_FLAGS) --extra build --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

LOCK_FLAGS := --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras --no-header

clean: ## Remove .venv and caches (never the data folder)
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build *.egg-info

$(VENV)/.installed: requirements.txt pyproject.toml deploy/bootstrap.sh
	@PYTHON="$(PYTHON)" sh deploy/bootstrap.sh $(VENV) requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@PYTHON="$(PYTHON)" sh deploy/bootstrap.sh $(VENV) requirements-dev.txt
	@touch $@
