"""What a model server is started for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inference.catalogue.card import ModelCard, Runtime, Task

Engine = Literal["plain", "bge-m3", "bge-m3-tokens"]
"""Of vLLM: `bge-m3` gives dense and sparse vectors from one pass, with the plugin of
`deploy/vllm_bge_m3`; `bge-m3-tokens` a vector for each token."""


@dataclass(frozen=True, slots=True)
class Published:
    """Weights at Hugging Face, which the server fetches; without a revision, the newest."""

    repository: str
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToServe:
    """A model, and how its server is to run."""

    id: str
    served_name: str
    """What requests call it."""
    runtime: Runtime
    task: Task
    weights: Path | Published | None
    """A folder, or for llama.cpp a GGUF file; None where the program brings its own."""
    arguments: Sequence[str] = ()
    """More of the runtime's command line, a word each."""
    context: int = 0
    """Tokens of prompt and answer together; 0 leaves it to the runtime."""
    engine: Engine = "plain"


def of_card(card: ModelCard, *, folder: Path | None, engine: Engine = "plain") -> ToServe:
    """Return how the catalogue's model is served: from a folder, where the site has one."""
    published = None
    if card.repository is not None:
        published = Published(card.repository, card.revision)
    return ToServe(
        id=card.id,
        served_name=card.id,
        runtime=card.runtime,
        task=card.task,
        weights=folder or published,
        arguments=card.arguments,
        context=card.context,
        engine=engine,
    )
