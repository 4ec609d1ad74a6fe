#!/usr/bin/env bash
# Make .venv-schemathesis: what asks the REST API as its description allows, and as it does not. It
# stays apart from .venv, because only `make fuzz-rest` needs it.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv-schemathesis

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "schemathesis==4.32.5"
