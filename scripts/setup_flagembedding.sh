#!/usr/bin/env bash
# Make .venv-flagembedding: the authors' own implementation of bge-m3, for the test that compares
# ours with it. It stays apart from .venv, because it does not run with transformers 5.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/cpu_torch.sh
. scripts/cpu_torch.sh

VENV=.venv-flagembedding

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
install_cpu_torch pip_install || pip_install "torch==$TORCH"
pip_install "FlagEmbedding==1.4.2" "transformers<5"
