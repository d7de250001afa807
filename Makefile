# Two commands do all set-up: make demo, make test.
PYTHON ?= python3.11
VENV := .venv/bin
ARGS ?=

.PHONY: help setup migrate demo serve worker test lint format

help: ## Say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/.installed: requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -m venv .venv 1>&2
	@$(VENV)/pip install --disable-pip-version-check -r requirements-dev.txt -c constraints.txt 1>&2
	@touch $@

.env: scripts/write_env.py
	@$(PYTHON) scripts/write_env.py 1>&2

setup: .venv/.installed .env ## Create .venv and .env

migrate: setup ## Create or update the database
	@$(VENV)/python manage.py migrate --verbosity 0 1>&2

demo: migrate ## Tell the whole story on synthetic tickets, then serve the console
	@$(VENV)/python manage.py demo $(ARGS)

serve: migrate ## Serve the console and run the task queue
	@$(VENV)/python manage.py serve $(ARGS)

test: setup ## Run every check and every test, on SQLite and, where it is there, PostgreSQL
	@$(VENV)/ruff check . && $(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@$(VENV)/python manage.py makemigrations --check --dry-run
	@$(VENV)/python -m pytest -n auto $(ARGS)
	@$(VENV)/python scripts/test_on_postgres.py $(ARGS)

lint: setup ## Check style, types and import contracts
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy && $(VENV)/lint-imports

format: setup ## Format the code
	@$(VENV)/ruff format . && $(VENV)/ruff check --fix .
