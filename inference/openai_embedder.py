"""Embeddings from any OpenAI-compatible `/v1/embeddings`, such as bge-m3 on vLLM."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import TYPE_CHECKING

from pydantic import BaseModel

from inference.openai_client import failures_of, open_client
from inference.problems import EmbeddingInputTooLong, ModelUnreachable
from inference.settings import EmbeddingSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_BATCH = 32


class _Embedding(BaseModel, from_attributes=True):
    index: int
    embedding: list[float]


class _Embeddings(BaseModel, from_attributes=True):
    """What is used of an answer: the client library hands on whatever the endpoint sent."""

    data: list[_Embedding]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIEmbedder:
    """Implements `rag.ports.Embedder`."""

    client: "AsyncOpenAI"
    settings: EmbeddingSettings

    @property
    def model(self) -> str:
        """The model's id at its endpoint."""
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
        """Return an estimate on the high side, since the model's tokenizer is not at hand.

        In the vocabularies of multilingual models the words of a text cost less than a token for
        two Latin letters; kana, kanji, Devanagari, digits and signs at most one for each character.
        """
        latin = sum(1 for character in text if character.isascii() and character.isalpha())
        other = sum(1 for character in text if not character.isascii())
        symbols = len(text) - latin - other
        return latin // 2 + other + symbols + 2

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
            ModelBusy, ModelRefused, ModelUnreachable
        """
        for index, text in enumerate(texts):
            if self.count_tokens(text) > self.max_tokens:
                raise EmbeddingInputTooLong(index, max_tokens=self.max_tokens)
        vectors: list[list[float]] = []
        for start in range(0, len(texts), _BATCH):
            vectors.extend(await self._embed(texts[start : start + _BATCH]))
        return vectors

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query, cut at its end where it may be too long."""
        while self.count_tokens(text) > self.max_tokens:
            text = text[: len(text) * 3 // 4]
        return (await self._embed([text]))[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        with failures_of(self.model):
            answer = await self.client.embeddings.create(
                model=self.model, input=list(texts), encoding_format="float"
            )
            found = _Embeddings.model_validate(answer).data
        ordered = sorted(found, key=lambda item: item.index)
        vectors = [_unit(item.embedding) for item in ordered]
        lengths = {len(vector) for vector in vectors}
        if len(vectors) != len(texts) or lengths - {self.dimensions}:
            raise ModelUnreachable(
                self.model,
                reason=f"asked for {len(texts)} vectors of {self.dimensions} numbers,"
                f" it sent {len(vectors)} of {_listed(lengths)}",
            )
        return vectors


def open_openai_embedder(settings: EmbeddingSettings) -> OpenAIEmbedder:
    """Connect to the endpoint in `settings.base_url`, which must be set."""
    if settings.base_url is None:
        raise ValueError("embedding.base_url is not set")
    client = open_client(settings.base_url, settings.api_key, settings.timeout_s)
    return OpenAIEmbedder(client=client, settings=settings)


def _listed(lengths: set[int]) -> str:
    return ", ".join(map(str, sorted(lengths))) or "none"


def _unit(vector: Sequence[float]) -> list[float]:
    """Scale to L2 norm 1: servers differ in whether they do; a broken vector becomes no vector."""
    norm = hypot(*vector)
    return [value / norm for value in vector] if norm and isfinite(norm) else []
