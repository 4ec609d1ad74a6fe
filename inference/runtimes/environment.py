"""What a model server inherits: what programs need to run, and none of our secrets."""

from collections.abc import Collection, Mapping
from typing import Final

_INHERITED: Final = frozenset(
    {
        *("PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "VIRTUAL_ENV", "PYTHONPATH"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "TESSDATA_PREFIX", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_ENDPOINT", "XDG_CACHE_HOME"),
    }
)
_FAMILIES: Final = (
    *("LC_", "CUDA_", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "TORCH_", "TORCHINDUCTOR_", "TRITON_"),
    *("VLLM_", "ROCR_", "HIP_", "COVERAGE_"),
)
_SECRET: Final = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def inherited(environment: Mapping[str, str], passed: Collection[str] = ()) -> dict[str, str]:
    """Return the variables that a server is given; `passed` names more, such as `HF_TOKEN`."""
    return {
        name: value
        for name, value in environment.items()
        if name in passed
        or name in _INHERITED
        or (name.startswith(_FAMILIES) and not any(word in name for word in _SECRET))
    }
