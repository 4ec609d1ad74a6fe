"""What an operator may choose about models."""

from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    DirectoryPath,
    Field,
    FilePath,
    SecretStr,
    model_validator,
)


def _without_password(url: AnyHttpUrl) -> AnyHttpUrl:
    """Refuse here what health checks would show with the URL; it would not be sent either."""
    if url.username or url.password:
        raise ValueError("write the key in API_KEY, not in the URL")
    return url


Endpoint = Annotated[AnyHttpUrl, AfterValidator(_without_password)]
"""A server's URL, which may be shown."""

EmbeddingKind = Literal["local", "endpoint", "vllm", "bge-m3", "hash"]
BGE_M3_TOKENS: Final = 8192


class GatewaySettings(BaseModel, frozen=True):
    """How the gateway treats callers of a model of which no replica is ready."""

    hold_s: Annotated[float, Field(gt=0, le=1_800)] = 120.0
    """They are held so long, then told to come back: no shorter than a start takes."""

    most_held: Annotated[int, Field(ge=0, le=100_000)] = 100
    """Of each model, in each process; more are told to come back at once."""

    start_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    """How long a start takes: what those are told who are not held."""


class RuntimeSettings(BaseModel, frozen=True):
    """How model servers are started on this machine."""

    vllm_python: FilePath | None = None
    """The interpreter of the environment that vLLM has for itself."""

    llama_python: FilePath | None = None
    """An interpreter that has `llama_cpp.server`, where there is no `llama-server` on the path."""

    ready_s: Annotated[float, Field(gt=0, le=86_400)] = 1_800.0
    """From the start until it says that it is ready: large weights are read from slow disks."""

    grace_s: Annotated[float, Field(ge=1, le=3_600)] = 60.0
    """For calls in flight, when a server shall end."""

    passed: tuple[str, ...] = ()
    """Names of more variables that servers may see, such as `HF_TOKEN`."""


class EmbeddingSettings(BaseModel, frozen=True):
    """Which embedding model, and where it runs.

    `local`: MiniLM in this process; `endpoint`: any `/v1/embeddings`; `vllm`: bge-m3 on a vLLM
    server; `bge-m3`: the same in this process; `hash`: a stand-in.
    """

    kind: EmbeddingKind = "local"
    base_url: Endpoint | None = None
    """Of `endpoint` and `vllm`, with its `/v1`."""

    colbert_url: Endpoint | None = None
    """Of the vLLM server that gives a vector for each token: an engine has one task."""

    folder: DirectoryPath | None = None
    """Of `bge-m3`: the checkpoint as it is published. Elsewhere its `tokenizer.json`, if it lies
    here, counts tokens; without it they are estimated."""

    colbert: bool = False
    """Whether `bge-m3` also gives a vector for each token."""

    model: str = "bge-m3"
    api_key: SecretStr | None = None
    dimensions: Annotated[int, Field(ge=1, le=8192)] = 1024
    max_tokens: Annotated[int, Field(ge=16, le=32768)] = 512
    """The longest passage, and the longest text that is sent; bge-m3 reads up to 8192."""

    languages: frozenset[str] = frozenset({"*"})
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0

    @property
    def runs(self) -> EmbeddingKind:
        """Naming an endpoint is enough to use it."""
        return "endpoint" if self.base_url is not None and self.kind == "local" else self.kind

    @property
    def endpoint(self) -> AnyHttpUrl:
        """The base URL, of a kind that has one.

        Raises:
            ValueError: this one has none.
        """
        return _given(self.base_url, "embedding")

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind in {"endpoint", "vllm"} and self.base_url is None:
            raise ValueError(f"kind {self.kind} needs base_url")
        if self.kind == "bge-m3" and self.folder is None:
            raise ValueError("kind bge-m3 needs folder: where its checkpoint lies")
        if self.kind in {"vllm", "bge-m3"} and self.max_tokens > BGE_M3_TOKENS:
            raise ValueError(f"max_tokens: bge-m3 reads at most {BGE_M3_TOKENS}")
        return self


class RerankSettings(BaseModel, frozen=True):
    """What reads the best passages again; without a choice, nothing does.

    `endpoint`: any `/rerank` as Jina, Cohere and vLLM have it; `colbert`: the vectors of each token
    that the embedding model gave.
    """

    kind: Literal["off", "endpoint", "colbert"] = "off"
    base_url: Endpoint | None = None
    """With its `/v1`."""

    model: str = "bge-reranker-v2-m3"
    api_key: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 10.0

    @property
    def runs(self) -> Literal["off", "endpoint", "colbert"]:
        """Naming an endpoint is enough to use it."""
        return "endpoint" if self.base_url is not None else self.kind

    @property
    def endpoint(self) -> AnyHttpUrl:
        """The base URL, of a kind that has one.

        Raises:
            ValueError: this one has none.
        """
        return _given(self.base_url, "rerank")

    @model_validator(mode="after")
    def _has_an_endpoint_to_ask(self) -> Self:
        if self.kind == "endpoint" and self.base_url is None:
            raise ValueError("kind endpoint needs base_url")
        return self


class ChatSettings(BaseModel, frozen=True):
    """Any OpenAI-compatible endpoint; without one, nothing is written by a model."""

    base_url: Endpoint | None = None
    model: str = "default"
    api_key: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0


class OcrSettings(BaseModel, frozen=True):
    """The Tesseract program."""

    tesseract: str = "tesseract"
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    max_pixels: Annotated[int, Field(ge=1)] = 60_000_000
    memory_bytes: Annotated[int, Field(ge=2**28)] = 2**31


def _given(url: AnyHttpUrl | None, section: str) -> AnyHttpUrl:
    if url is None:
        raise ValueError(f"{section}.base_url is not set")
    return url
