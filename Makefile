# Two commands for a newcomer: `make demo` and `make test`. `make check` is everything CI runs.
.PHONY: help setup demo serve test soak-acl soak-kills check format lint types contracts coverage lock samples clean
.DEFAULT_GOAL := help

BIN := .venv/bin
READY := .venv/.ready

help:
	@echo "make demo    set up, then index the sample projects, search, ask and run the agents"
	@echo "make test    set up if needed, then run the tests"
	@echo "make soak-acl 2,000 random histories of who may find what, on every core"
	@echo "make soak-kills 100 syncs killed at random points, each repaired by the next one"
	@echo "make check   format, lint, types, import contracts, tests and coverage"
	@echo "make serve   start the service on this machine"
	@echo "make lock    pin the newest versions that pyproject.toml allows"
	@echo "make samples write the committed sample projects again"

setup: $(READY)

$(READY): requirements/lock.txt pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh
	@touch $(READY)

demo: $(READY)
	@$(BIN)/fumikura demo

serve: $(READY)
	@$(BIN)/fumikura serve

test: $(READY)
	$(BIN)/coverage erase
	$(BIN)/pytest --cov --cov-report=

soak-acl: $(READY)
	$(BIN)/python -m tests.acl --histories 2000
	$(BIN)/python -m tests.acl --histories 100 --thorough

soak-kills: $(READY)
	FUMIKURA_KILLS=100 $(BIN)/pytest tests/service/killed_sync

check: format lint types contracts coverage

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy
	$(BIN)/pyright

contracts: $(READY)
	$(BIN)/lint-imports

coverage: test
	$(BIN)/coverage report

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --generate-hashes --no-header --upgrade --quiet \
	    --override requirements/overrides.txt --no-emit-package torch \
	    --output-file requirements/lock.txt

samples: $(READY)
	$(BIN)/python scripts/write_samples.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
