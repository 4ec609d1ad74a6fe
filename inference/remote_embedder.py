"""What embedders behind a server have in common: what the operator says of the model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.settings import EmbeddingSettings
from inference.token_counts import CountTokens, estimate_tokens

if TYPE_CHECKING:
    from openai import AsyncOpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEmbedder:
    """The part of `rag.ports.Embedder` that no server is asked for."""

    client: "AsyncOpenAI"
    settings: EmbeddingSettings
    count: CountTokens = estimate_tokens

    @property
    def model(self) -> str:
        """The model's id at its server."""
        return self.settings.model

    @property
    def dimensions(self) -> int:
        """Length of a vector; an answer of another length is refused."""
        return self.settings.dimensions

    @property
    def max_tokens(self) -> int:
        """Longest text that is sent."""
        return self.settings.max_tokens

    @property
    def languages(self) -> frozenset[str]:
        """What the operator says of the model; `{"*"}` for bge-m3."""
        return self.settings.languages

    def count_tokens(self, text: str) -> int:
        """Return the model's own count where its tokenizer is at hand, else a high estimate."""
        return self.count(text)
