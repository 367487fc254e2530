# One command each for running, testing and checking. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
LOCAL := $(BIN)/python -m config.local
TEST_ENV := $(LOCAL) run --profile test --
LOCK := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo replay stop test check lint format types races browser bench services translations lock install install-dev

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'

demo: install ## Run the whole application with a demo shop (DETACH=1: in the background)
	@$(LOCAL) demo $(if $(DETACH),--detach)

stop: ## End the demo and its services
	@if [ -x $(BIN)/python ]; then $(LOCAL) stop; fi

replay: install-dev ## Track real logs into the running demo (LOG=households MOST=20000 RATE=0 DATA=../shared/data)
	@$(BIN)/python -m demo.replay $(if $(LOG),--log $(LOG)) $(if $(MOST),--most $(MOST)) $(if $(RATE),--rate $(RATE)) $(if $(DATA),--data $(DATA))

test: install-dev ## Everything that CI runs: checks, then all tests
	@$(TEST_ENV) .ci/test

check: install-dev ## Formatting, lint, types, floors, migrations
	@$(TEST_ENV) .ci/check

lint: install-dev ## Formatting and lint only
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

format: install-dev ## Format and fix what can be fixed
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

races: install-dev ## The races at full length, with a report in .local/races (MINUTES=60, SEED=…; STORMS=1: the storms alone)
	@$(TEST_ENV) $(BIN)/python -m tests.races --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED)) $(if $(STORMS),--storms)

browser: install-dev ## Tests in Chromium
	@$(TEST_ENV) $(BIN)/pytest tests/browser

bench: install-dev ## Measure (NAME=ingest: that one only)
	@$(LOCAL) run --profile demo --state $(or $(TOUCHSTONE_STATE),.local/bench) -- $(BIN)/python -m bench $(NAME)

services: install ## Start Postgres and Redis and leave them running
	@$(LOCAL) start

translations: install ## Bring the German catalogue in step with the code, compile it, say what lacks German
	@$(BIN)/python -m config.translating

lock: ## Resolve the requirements again (needs uv)
	@$(LOCK) --output-file requirements.txt requirements.in
	@$(LOCK) --output-file requirements-dev.txt requirements-dev.in

install: ## Make .venv with what running needs
	@$(PYTHON) config/local/install.py run

install-dev: ## Make .venv with what testing needs
	@$(PYTHON) config/local/install.py dev
