"""A model as the catalogue describes it, and where it answers already."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from inference.prices import FREE, Price

Task = Literal["chat", "embedding", "rerank", "ocr", "transcription"]
Runtime = Literal["vllm", "llama-cpp", "bge-m3", "ocr", "transcription"]
"""`vllm` and `llama-cpp`: those servers; the others: a server of ours, for what those lack."""
Capability = Literal["tools", "json_schema", "vision", "reasoning"]

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$")]
Argument = Annotated[
    str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00\n]+$")
]

_TASKS: Final[dict[Runtime, frozenset[Task]]] = {
    "vllm": frozenset({"chat", "embedding", "rerank"}),
    "llama-cpp": frozenset({"chat", "embedding"}),
    "bge-m3": frozenset({"embedding"}),
    "ocr": frozenset({"ocr"}),
    "transcription": frozenset({"transcription"}),
}
_OURS: Final = frozenset(
    {
        *(
            "--host",
            "--port",
            "--uds",
            "--api-key",
            "--served-model-name",
            "--model",
            "--root-path",
        ),
        *("--allowed-local-media-path", "--allowed-media-domains", "--ssl-keyfile", "--alias"),
    }
)
"""Whoever starts a server says these: another value would open it, or hide it."""


class _Written(BaseModel):
    """A part of a file that people write: a name that is none of ours is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(_Written):
    """What people call it."""

    en: str = Field(min_length=1, max_length=200)
    ja: str = Field(min_length=1, max_length=200)


class Licence(_Written):
    """Under which terms its weights may be used."""

    id: str = Field(min_length=1, max_length=100, description="An SPDX id where there is one.")
    url: AnyHttpUrl | None = None
    restricts: str | None = Field(
        default=None, max_length=300, description="What it forbids, where it restricts the use."
    )


class Resources(_Written):
    """What one replica takes."""

    gpus: int = Field(default=0, ge=0, le=64)
    gpu_memory_gib: float = Field(default=0, ge=0, le=10_000, description="Of each GPU.")
    cpus: float = Field(default=1, gt=0, le=1_024)
    memory_gib: float = Field(default=2, gt=0, le=100_000)
    disk_gib: float = Field(default=1, ge=0, le=100_000)


class Concurrency(_Written):
    """How many calls one replica works on at once."""

    target: int = Field(ge=1, le=10_000, description="Above it, another replica is started.")
    limit: int = Field(ge=1, le=10_000)

    @model_validator(mode="after")
    def _target_within_limit(self) -> Self:
        if self.target > self.limit:
            raise ValueError("target is above limit")
        return self


def _only_the_models_own(arguments: Sequence[str]) -> Sequence[str]:
    for argument in arguments:
        flag = argument.partition("=")[0].replace("_", "-").lower()
        if flag in _OURS:
            raise ValueError(f"{flag} is set by whoever starts the server")
    return arguments


class ModelCard(_Written):
    """A model of the catalogue."""

    id: Name
    title: Title
    task: Task
    runtime: Runtime
    repository: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$", max_length=200
    )
    """Where the weights are published; None: the site says from which folder."""
    revision: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._/-]{1,100}$")
    licence: Licence
    arguments: Annotated[tuple[Argument, ...], AfterValidator(_only_the_models_own)] = ()
    """Of the runtime's command line."""
    context: int = Field(default=0, ge=0, le=100_000_000)
    """Tokens of prompt and answer together; 0 where the model reads no text."""
    capabilities: frozenset[Capability] = frozenset()
    thinks_at_once: bool = False
    """Of a reasoning model: its template opens `<think>`, so that answers begin behind it."""
    resources: Resources
    concurrency: Concurrency
    price: Price = FREE
    aliases: tuple[Name, ...] = ()
    fallbacks: tuple[Name, ...] = ()
    """Ids of models that may answer in its place, the first one first."""
    note: str | None = Field(default=None, max_length=1_000)

    @model_validator(mode="after")
    def _runs_and_reads(self) -> Self:
        if self.task not in _TASKS[self.runtime]:
            raise ValueError(f"the runtime {self.runtime} is not for {self.task}")
        if self.task in {"chat", "embedding", "rerank"} and not self.context:
            raise ValueError("context is missing: how many tokens it reads")
        return self


def _bare(url: AnyHttpUrl) -> AnyHttpUrl:
    """Refuse what is no address of a server alone: it is shown, and paths are put behind it."""
    if url.username or url.password:
        raise ValueError("write the key in api_key_env, not in the URL")
    if url.query or url.fragment or re.search(r"/v1/?$", url.path or ""):
        raise ValueError("write the server's address alone, without /v1")
    return url


Replica = Annotated[AnyHttpUrl, AfterValidator(_bare)]


class Here(_Written):
    """How a model's server is started on this machine."""

    weights: Path | None = None
    """The folder with the weights, or for llama.cpp the GGUF file; None: as they are published."""
    on_first_call: bool = False
    """Started when somebody calls the model, not with the service."""
    idle_minutes: float | None = Field(default=None, gt=0, le=100_000)
    """Stopped after so long without a call, until the next one; None: never."""


class Deployment(_Written):
    """Where a model answers: servers that somebody else started, or one that is started here."""

    model: Name
    replicas: tuple[Replica, ...] = Field(default=(), max_length=1_000)
    here: Here | None = None
    served_name: str | None = Field(default=None, min_length=1, max_length=200)
    """What the servers call the model; its id when absent."""
    runtime: Runtime | None = None
    """What they are, where it is not the runtime of the catalogue."""
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")
    """The name of the variable that holds the key they ask for."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if bool(self.replicas) == (self.here is not None):
            raise ValueError("either replicas, or here")
        if self.here is not None and (self.served_name or self.runtime or self.api_key_env):
            raise ValueError("served_name, runtime and api_key_env are for servers elsewhere")
        return self

    @property
    def urls(self) -> list[str]:
        """The addresses, without a slash at their end."""
        return [str(url).rstrip("/") for url in self.replicas]
