# Two commands for a newcomer: `make demo` and `make test`. `make check` is everything CI runs.
.PHONY: help setup demo serve test soak-acl soak-kills fuzz-rest check format lint types contracts coverage eval eval-record lock samples vllm llama llamaindex flagembedding clean
.DEFAULT_GOAL := help

BIN := .venv/bin
READY := .venv/.ready
EVAL_SETS ?= $(or $(FUMIKURA_SHARED_DATA),../shared/data)/retrieval
EVAL_RECORD := evals/retrieval/recorded.json

help:
	@echo "make demo    set up, then index the sample projects, search, ask and run the agents"
	@echo "make test    set up if needed, then run the tests"
	@echo "make soak-acl 2,000 random histories of who may find what, on every core"
	@echo "make soak-kills 100 syncs, 100 moves, 20 gateways, killed at random and repaired"
	@echo "make fuzz-rest 20,000 requests made from the API's description, 10,000 forged keys: no 5xx"
	@echo "make check   format, lint, types, import contracts, tests, coverage and retrieval quality"
	@echo "make eval    search the collections in EVAL_SETS; fails where a set lost more than .005"
	@echo "make eval-record keep such a run as the one that later ones are held against"
	@echo "make serve   start the service on this machine"
	@echo "make lock    pin the newest versions that pyproject.toml allows"
	@echo "make samples write the committed sample projects again"
	@echo "make vllm    make .venv-vllm: then 'make test' asks a real vLLM server for bge-m3"
	@echo "make llama   make .venv-llama: then it also asks a real llama.cpp (built in some minutes)"
	@echo "make llamaindex make .venv-llamaindex: then LlamaIndex's OpenAILike asks the gateway"
	@echo "make flagembedding make .venv-flagembedding: then it also asks bge-m3's authors' library"

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
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report=

soak-acl: $(READY)
	$(BIN)/python -m tests.acl --histories 2000
	$(BIN)/python -m tests.acl --histories 100 --thorough

soak-kills: $(READY)
	FUMIKURA_KILLS=100 $(BIN)/pytest tests/service/killed_sync tests/service/reembedding
	FUMIKURA_KILLS=20 $(BIN)/pytest tests/service/cli/test_gateway.py -k killed

fuzz-rest: $(READY)
	@bash scripts/setup_schemathesis.sh
	$(BIN)/python -m tests.fuzz_rest

check: format lint types contracts coverage eval

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

eval: $(READY)
	@if [ -d "$(EVAL_SETS)" ]; then \
	    $(BIN)/fumikura eval retrieval "$(EVAL_SETS)" --mixed --against $(EVAL_RECORD) --gate; \
	else \
	    echo "RETRIEVAL QUALITY NOT CHECKED, no collections in $(EVAL_SETS): set EVAL_SETS" >&2; \
	fi

eval-record: $(READY)
	$(BIN)/fumikura eval retrieval "$(EVAL_SETS)" --mixed --save $(EVAL_RECORD)

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --generate-hashes --no-header --upgrade --quiet \
	    --override requirements/overrides.txt --no-emit-package torch \
	    --output-file requirements/lock.txt

samples: $(READY)
	$(BIN)/python scripts/write_samples.py

vllm:
	@bash scripts/setup_vllm.sh

llama:
	@bash scripts/setup_llama.sh

llamaindex:
	@bash scripts/setup_llamaindex.sh

flagembedding:
	@bash scripts/setup_flagembedding.sh

clean:
	rm -rf .venv .venv-vllm .venv-flagembedding .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
