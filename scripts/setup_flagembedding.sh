#!/usr/bin/env bash
# Make .venv-flagembedding: the authors' own implementation of bge-m3, for the test that compares
# ours with it. It stays apart from .venv, because it does not run with transformers 5.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
VENV=.venv-flagembedding

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

install_torch() { # the CPU build: the default Linux wheel asks for gigabytes of CUDA
    pip_install "torch==$TORCH+cpu" 2>/dev/null && return
    pip_install "torch==$TORCH+cpu" --index-url "$TORCH_CPU_INDEX" --retries 1 2>/dev/null && return
    pip_install "torch==$TORCH"
}

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
install_torch
pip_install "FlagEmbedding==1.4.2" "transformers<5"
