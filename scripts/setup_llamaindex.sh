#!/usr/bin/env bash
# Make .venv-llamaindex: LlamaIndex's client for servers like OpenAI's, for the test that lets it ask
# our gateway. It stays apart from .venv, because it needs an older version of OpenAI's own client.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv-llamaindex

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    "llama-index-llms-openai-like==0.8.1"
