"""From a model to the command line and the environment of its server; nothing is started here."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from inference.runtimes.problems import ArgumentRefused
from inference.runtimes.to_serve import ToServe

LOOPBACK: Final = "127.0.0.1"
_SET_HERE: Final = (
    *("--host", "--port", "--uds", "--socket", "--root-path", "--ssl-keyfile", "--ssl-certfile"),
    *("--api-key", "--served-model-name", "--model", "--alias", "--hf-repo", "--model-url"),
    *("--allowed-local-media-path", "--allowed-media-domains", "--folder", "--config"),
)
_SET_HERE_SHORT: Final = frozenset({"-m", "-a", "-hf", "-hfr", "-mu"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What is installed here to serve models with."""

    vllm_python: Path | None = None
    """The interpreter of the environment that vLLM has for itself."""
    llama_server: Path | None = None
    llama_python: Path | None = None
    """An interpreter that has `llama_cpp.server`."""
    own_python: Path = field(default_factory=lambda: Path(sys.executable))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens: for this machine alone, unless somebody asks for more."""

    port: int
    host: str = LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a server is started, and where it says that it is ready."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    health: str = "/health"
    in_flight: str | None = None
    """The name of the metric to wait for, of a server that SIGTERM ends at once."""


def found_programs(
    *, vllm_python: Path | None = None, llama_python: Path | None = None
) -> Programs:
    """Look for llama.cpp's own server on the path, and for its Python package here, if need be."""
    server = shutil.which("llama-server")
    if llama_python is None and importlib.util.find_spec("llama_cpp") is not None:
        llama_python = Path(sys.executable)
    return Programs(
        vllm_python=vllm_python,
        llama_server=None if server is None else Path(server),
        llama_python=llama_python,
    )


def checked_arguments(served: ToServe) -> list[str]:
    """Return the model's own arguments.

    Raises:
        ArgumentRefused: one is for whoever starts the server, if only abbreviated.
    """
    for argument in served.arguments:
        flag = argument.partition("=")[0].replace("_", "-").lower()
        is_long = len(flag) > 2 and flag.startswith("--")
        if flag in _SET_HERE_SHORT or (
            is_long and any(known.startswith(flag) for known in _SET_HERE)
        ):
            raise ArgumentRefused(served.id, flag)
    return list(served.arguments)
