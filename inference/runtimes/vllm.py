"""vLLM's command line: chat, embedding, reranking, and bge-m3 with all its outputs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from inference.runtimes.command import Address, Command, Programs, checked_arguments
from inference.runtimes.problems import ProgramMissing, WeightsUnfit
from inference.runtimes.to_serve import Engine, ToServe

_MODULE: Final = "vllm.entrypoints.openai.api_server"
"""The command `vllm` is not there in every build; the module is."""
_NO_DOMAIN: Final = "none.invalid"
"""Nobody's name, now and later (RFC 6761): an empty list would allow every address."""
_BGE_M3: Final = (
    "--hf-overrides",
    json.dumps({"architectures": ["BgeM3EmbeddingModel"]}),
)
_ENGINES: Final[Mapping[Engine, tuple[str, ...]]] = {
    "plain": (),
    "bge-m3": (*_BGE_M3, "--io-processor-plugin", "bge_m3"),
    "bge-m3-tokens": (*_BGE_M3, "--pooler-config", json.dumps({"task": "token_embed"})),
}
_QUIET: Final = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
}
_OFFLINE: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def vllm_command(
    served: ToServe, address: Address, programs: Programs, *, grace_s: float
) -> Command:
    """Return how vLLM 0.32 serves a model.

    Ours come last: of an argument that is given twice, vLLM takes the last.

    Raises:
        ProgramMissing: there is no environment with vLLM.
        WeightsUnfit: it is not said where they are.
        ArgumentRefused: see `checked_arguments`.
    """
    if programs.vllm_python is None:
        raise ProgramMissing(
            "vLLM",
            hint="Name the Python of an environment with it (`make vllm` makes one) in"
            " FUMIKURA_RUNTIMES__VLLM_PYTHON.",
        )
    if served.weights is None:
        raise WeightsUnfit(served.id, reason="vLLM needs a folder or a repository")
    arguments = [
        *(str(programs.vllm_python), "-m", _MODULE),
        *checked_arguments(served),
        *_context(served),
        *([] if served.task == "chat" else ["--runner", "pooling"]),
        *_ENGINES[served.engine],
        *_weights(served),
        *("--served-model-name", served.served_name),
        *("--host", address.host, "--port", str(address.port)),
        "--enable-prompt-tokens-details",
        *("--allowed-media-domains", _NO_DOMAIN),
        *("--shutdown-timeout", str(max(1, round(grace_s)))),
    ]
    offline = _OFFLINE if isinstance(served.weights, Path) else {}
    return Command(arguments=tuple(arguments), environment=_QUIET | offline)


def _context(served: ToServe) -> list[str]:
    named = {argument.partition("=")[0].replace("_", "-") for argument in served.arguments}
    if not served.context or "--max-model-len" in named:
        return []
    return ["--max-model-len", str(served.context)]


def _weights(served: ToServe) -> list[str]:
    if served.weights is None or isinstance(served.weights, Path):
        return ["--model", str(served.weights)]
    revision = served.weights.revision
    return [
        *("--model", served.weights.repository),
        *([] if revision is None else ["--revision", revision]),
    ]
