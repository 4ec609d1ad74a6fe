#!/usr/bin/env bash
# Make .venv-llama: llama.cpp's server in Python, for the tests that ask a real one, and what writes
# their model. It is compiled here, which takes some minutes and a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv-llama

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    "llama-cpp-python[server]==0.3.36" "gguf==0.19.0"
