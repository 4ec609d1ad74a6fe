"""llama.cpp's command line: its own server, or that of its Python package, whichever is here."""

import re
from pathlib import Path
from typing import Final

from inference.runtimes.command import Address, Command, Programs, checked_arguments
from inference.runtimes.problems import ProgramMissing, WeightsUnfit
from inference.runtimes.to_serve import ToServe

_FIRST_PART: Final = re.compile(r"-00001-of-\d{5}$")
_PART: Final = re.compile(r"-\d{5}-of-\d{5}$")
_IN_FLIGHT: Final = "llamacpp:requests_processing"


def llama_cpp_command(served: ToServe, address: Address, programs: Programs) -> Command:
    """Return how llama.cpp serves a GGUF file.

    Raises:
        ProgramMissing: neither server is here.
        WeightsUnfit: it is not said which file.
        ArgumentRefused: see `checked_arguments`.
    """
    file = gguf_file(served)
    if programs.llama_server is not None:
        return _of_binary(served, address, programs.llama_server, file)
    if programs.llama_python is not None:
        return _of_python(served, address, programs.llama_python, file)
    raise ProgramMissing(
        "llama.cpp",
        hint="Put `llama-server` on the path, or name a Python with `llama-cpp-python[server]` in"
        " FUMIKURA_RUNTIMES__LLAMA_PYTHON.",
    )


def gguf_file(served: ToServe) -> Path:
    """Return the file with the weights: the one named, or the only one in the folder.

    Raises:
        WeightsUnfit: there is none, or more than one.
    """
    if not isinstance(served.weights, Path):
        raise WeightsUnfit(served.id, reason="llama.cpp needs a GGUF file on this machine")
    if served.weights.is_file():
        return served.weights
    found = [
        path
        for path in sorted(served.weights.glob("*.gguf"))
        if _FIRST_PART.search(path.stem) or not _PART.search(path.stem)
    ]
    if len(found) != 1:
        raise WeightsUnfit(served.id, reason=f"its folder has {len(found)} GGUF files, not one")
    return found[0]


def _of_binary(served: ToServe, address: Address, program: Path, file: Path) -> Command:
    arguments = [
        str(program),
        *checked_arguments(served),
        *("--model", str(file), "--alias", served.served_name),
        *("--host", address.host, "--port", str(address.port)),
        *(["--ctx-size", str(served.context)] if served.context else []),
        *(["--embeddings"] if served.task == "embedding" else []),
        *("--metrics", "--no-webui", "--offline"),
    ]
    return Command(arguments=tuple(arguments), in_flight=_IN_FLIGHT)


def _of_python(served: ToServe, address: Address, python: Path, file: Path) -> Command:
    """Its flags are those of the binary with other dashes, and it has no `/health`."""
    arguments = [
        *(str(python), "-m", "llama_cpp.server"),
        *map(_underscored, checked_arguments(served)),
        *("--model", str(file), "--model_alias", served.served_name),
        *("--host", address.host, "--port", str(address.port)),
        *(["--n_ctx", str(served.context)] if served.context else []),
        *(["--embedding", "true"] if served.task == "embedding" else []),
    ]
    return Command(arguments=tuple(arguments), health="/v1/models")


def _underscored(argument: str) -> str:
    if not argument.startswith("--"):
        return argument
    flag, equals, value = argument.removeprefix("--").partition("=")
    return f"--{flag.replace('-', '_')}{equals}{value}"
