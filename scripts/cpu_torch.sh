# To be sourced: the CPU build of torch, since the default Linux wheel asks for gigabytes of CUDA.
# shellcheck shell=bash
TORCH=2.13.0
TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu

install_cpu_torch() { # runs "$@" (a pip install) on it; fails where only the other build is in reach
    if [ "$(uname -s)" != Linux ]; then
        "$@" "torch==$TORCH"
        return
    fi
    "$@" "torch==$TORCH+cpu" 2>/dev/null && return
    "$@" "torch==$TORCH+cpu" --index-url "$TORCH_CPU_INDEX" --retries 1 2>/dev/null
}
