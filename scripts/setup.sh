#!/usr/bin/env bash
# Set up everything in .venv, from pinned versions; install Tesseract where that is allowed.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/cpu_torch.sh
. scripts/cpu_torch.sh
TESSERACT_PACKAGES=(tesseract-ocr tesseract-ocr-san tesseract-ocr-script-deva tesseract-ocr-jpn)

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

as_root() { # runs a command as root, or fails where nobody may
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_apt() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    as_root apt-get update -qq >/dev/null &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Fumikura needs Python 3.11 or newer; found $(python3 --version 2>&1 || echo none)." >&2
    return 1
}

make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then # Debian ships venv as its own package
        say "Installing python3-venv"
        if ! can_apt || ! apt_install python3-venv; then
            echo "Python's venv module is missing. Install it: sudo apt install python3-venv" >&2
            return 1
        fi
    fi
    "$python" -m venv .venv
}

pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

install_torch() {
    if .venv/bin/python -c "import importlib.metadata as m, sys
sys.exit(m.version('torch').split('+')[0] != '$TORCH')" 2>/dev/null; then
        return
    fi
    install_cpu_torch pip_install && return
    say "$TORCH_CPU_INDEX is out of reach: taking PyPI's torch, with CUDA (some 4 GB)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "torch==$TORCH"
}

install_tesseract() {
    local missing=()
    command -v tesseract >/dev/null || missing=("${TESSERACT_PACKAGES[@]}")
    if [ ${#missing[@]} = 0 ]; then
        local models
        models=$(tesseract --list-langs 2>/dev/null || true)
        grep -qx san <<<"$models" || missing+=(tesseract-ocr-san)
        grep -qx 'script/Devanagari\|Devanagari' <<<"$models" || missing+=(tesseract-ocr-script-deva)
        grep -qx jpn <<<"$models" || missing+=(tesseract-ocr-jpn)
    fi
    [ ${#missing[@]} = 0 ] && return
    say "Installing ${missing[*]}"
    if can_apt && apt_install "${missing[@]}"; then return; fi
    echo "Not installed: ${missing[*]}. Images will not be read (search in images, the Vedic"
    echo "explainer on page images); all else works. Later: sudo apt install ${missing[*]}"
}

[ -x .venv/bin/python ] || { say "Making .venv" && make_venv; }
say "Installing pinned versions into .venv (about 2.7 GB on disk the first time)"
install_torch
pip_install --require-hashes --requirement requirements/lock.txt
pip_install --no-build-isolation --editable .
install_tesseract
