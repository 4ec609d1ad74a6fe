"""What an operator may choose about models."""

from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, Field, SecretStr


class EmbeddingSettings(BaseModel, frozen=True):
    """`local`: MiniLM in this process; `endpoint`: any `/v1/embeddings`; `hash`: a stand-in."""

    kind: Literal["local", "endpoint", "hash"] = "local"
    base_url: AnyHttpUrl | None = None
    model: str = "bge-m3"
    api_key: SecretStr | None = None
    dimensions: Annotated[int, Field(ge=1, le=8192)] = 1024
    max_tokens: Annotated[int, Field(ge=16, le=32768)] = 512
    languages: frozenset[str] = frozenset({"*"})
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0

    @property
    def runs(self) -> Literal["local", "endpoint", "hash"]:
        """Naming an endpoint is enough to use it."""
        return "endpoint" if self.base_url is not None and self.kind == "local" else self.kind


class ChatSettings(BaseModel, frozen=True):
    """Any OpenAI-compatible endpoint; without one, nothing is written by a model."""

    base_url: AnyHttpUrl | None = None
    model: str = "default"
    api_key: SecretStr | None = None
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 120.0


class OcrSettings(BaseModel, frozen=True):
    """The Tesseract program."""

    tesseract: str = "tesseract"
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    max_pixels: Annotated[int, Field(ge=1)] = 60_000_000
    memory_bytes: Annotated[int, Field(ge=2**28)] = 2**31
