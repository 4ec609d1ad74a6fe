"""Dense vectors from any OpenAI-compatible `/v1/embeddings`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from inference.embedding import Embedding, Output
from inference.openai_client import ALL_TRIES, failures_of, open_client
from inference.problems import ModelUnreachable
from inference.remote_embedder import RemoteEmbedder
from inference.settings import EmbeddingSettings
from inference.token_counts import cut_to_fit, refuse_too_long, token_counter
from inference.vectors import listed, unit

_BATCH = 32


class _Embedding(BaseModel, from_attributes=True):
    index: int
    embedding: list[float]


class _Embeddings(BaseModel, from_attributes=True):
    """What is used of an answer: the client library hands on whatever the endpoint sent."""

    data: list[_Embedding]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIEmbedder(RemoteEmbedder):
    """Implements `rag.ports.Embedder`."""

    @property
    def outputs(self) -> frozenset[Output]:
        """Such endpoints send dense vectors alone."""
        return frozenset({"dense"})

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one vector per text, in order, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
            ModelBusy, ModelRefused, ModelUnreachable
        """
        refuse_too_long(map(self.count, texts), self.max_tokens)
        vectors: list[Embedding] = []
        for start in range(0, len(texts), _BATCH):
            vectors.extend(await self._embed(texts[start : start + _BATCH]))
        return vectors

    async def embed_query(self, text: str) -> Embedding:
        """Return the vector of a query, cut at its end where it may be too long."""
        fitting = cut_to_fit(text, self.count, self.max_tokens)
        return (await self._embed([fitting]))[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def _embed(self, texts: Sequence[str]) -> list[Embedding]:
        with failures_of(self.model):
            async with asyncio.timeout(ALL_TRIES * self.settings.timeout_s):
                answer = await self.client.embeddings.create(
                    model=self.model, input=list(texts), encoding_format="float"
                )
            found = _Embeddings.model_validate(answer).data
        ordered = sorted(found, key=lambda item: item.index)
        vectors = [unit(item.embedding) for item in ordered]
        lengths = {len(vector) for vector in vectors}
        if len(vectors) != len(texts) or lengths - {self.dimensions}:
            raise ModelUnreachable(
                self.model,
                reason=f"asked for {len(texts)} vectors of {self.dimensions} numbers,"
                f" it sent {len(vectors)} of {listed(lengths)}",
            )
        return [Embedding(vector) for vector in vectors]


def open_openai_embedder(settings: EmbeddingSettings) -> OpenAIEmbedder:
    """Connect to the endpoint in `settings.base_url`, which must be set.

    Raises:
        LocalEmbeddingMissing, ModelFolderUnfit: a folder is named, and has no tokenizer.
    """
    client = open_client(settings.endpoint, settings.api_key, settings.timeout_s)
    return OpenAIEmbedder(client=client, settings=settings, count=token_counter(settings.folder))
