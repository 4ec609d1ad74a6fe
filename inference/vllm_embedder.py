"""bge-m3 on a vLLM server: dense and learned sparse in one forward pass, ColBERT from another one.

The first server runs the plugin of `deploy/vllm_bge_m3`, without which vLLM 0.32 refuses the task
`embed&token_classify` over HTTP; the second one `--pooler-config '{"task": "token_embed"}'`.
"""

import asyncio
import base64
import binascii
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import byteorder
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from pydantic import AnyHttpUrl, BaseModel, Field

from inference.embedding import ALL_OUTPUTS, Embedding, Output, SparseWeights, learned_weights
from inference.openai_client import ALL_TRIES, Answer, failures_of, open_client, post_json
from inference.problems import ModelUnreachable
from inference.remote_embedder import RemoteEmbedder
from inference.settings import EmbeddingSettings
from inference.token_counts import cut_to_fit, refuse_too_long, token_counter
from inference.vectors import listed, unit

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_BATCH: Final = 32
_BATCH_TOKENS: Final = 16_384  # what their vectors, with ColBERT one for each, take of memory
_FLOAT_BYTES: Final = 4

Finite = Annotated[float, Field(allow_inf_nan=False)]
TokenId = Annotated[int, Field(ge=0, lt=2**32)]


class _TokenWeight(BaseModel):
    token_id: TokenId
    weight: Finite


class _DenseAndSparse(BaseModel):
    index: int
    dense_embedding: list[Finite]
    sparse_embedding: list[_TokenWeight]


class _DenseAndSparseData(BaseModel):
    data: list[_DenseAndSparse]


class _PluginAnswer(BaseModel):
    """What is used of an answer: the server wraps what the plugin answers in `data`."""

    data: _DenseAndSparseData


class _TokenVectors(BaseModel):
    index: int
    data: str
    """All vectors of a text in a row: little-endian 32-bit floats in base64."""


class _TokenVectorsAnswer(BaseModel):
    data: list[_TokenVectors]


_Indexed = TypeVar("_Indexed", _DenseAndSparse, _TokenVectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmEmbedder(RemoteEmbedder):
    """Implements `rag.ports.Embedder`."""

    colbert_client: "AsyncOpenAI | None"

    @property
    def outputs(self) -> frozenset[Output]:
        """ColBERT only where a server for it is named."""
        return ALL_OUTPUTS if self.colbert_client else ALL_OUTPUTS - {"colbert"}

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding per text, in order, each with all of `outputs`.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
            ModelBusy, ModelRefused, ModelUnreachable
        """
        lengths = [self.count(text) for text in texts]
        refuse_too_long(lengths, self.max_tokens)
        embeddings: list[Embedding] = []
        for start, end in _batches(lengths):
            embeddings.extend(await self._embed(texts[start:end]))
        return embeddings

    async def embed_query(self, text: str) -> Embedding:
        """Return the embedding of a query, cut at its end where it may be too long."""
        fitting = cut_to_fit(text, self.count, self.max_tokens)
        return (await self._embed([fitting]))[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()
        if self.colbert_client is not None:
            await self.colbert_client.close()

    async def _embed(self, texts: Sequence[str]) -> list[Embedding]:
        if self.colbert_client is None:
            return await self._dense_and_sparse(texts)
        found = asyncio.create_task(self._dense_and_sparse(texts))
        vectors = asyncio.create_task(self._token_vectors(self.colbert_client, texts))
        try:
            await asyncio.gather(found, vectors)
        finally:  # where one failed, the other is of no use
            found.cancel()
            vectors.cancel()
        return [
            replace(embedding, colbert=rows)
            for embedding, rows in zip(found.result(), vectors.result(), strict=True)
        ]

    async def _dense_and_sparse(self, texts: Sequence[str]) -> list[Embedding]:
        asked = {"embed_task": "dense&sparse", "use_activation": True, "input": list(texts)}
        body = {"model": self.model, "task": "embed&token_classify", "data": asked}
        with failures_of(self.model):
            answer = await self._post(self.client, body, _PluginAnswer)
        found = self._in_order(answer.data.data, texts)
        vectors = [unit(each.dense_embedding) for each in found]
        lengths = {len(vector) for vector in vectors}
        if lengths - {self.dimensions}:
            raise ModelUnreachable(
                self.model,
                reason=f"asked for vectors of {self.dimensions} numbers, it sent {listed(lengths)}",
            )
        return [
            Embedding(vector, sparse=_learned(each))
            for vector, each in zip(vectors, found, strict=True)
        ]

    async def _token_vectors(
        self, client: "AsyncOpenAI", texts: Sequence[str]
    ) -> list[list[list[float]]]:
        body = {
            "model": self.model,
            "task": "token_embed",
            "use_activation": True,
            "encoding_format": "base64",
            "embed_dtype": "float32",
            "endianness": "little",
            "input": list(texts),
        }
        with failures_of(self.model):
            answer = await self._post(client, body, _TokenVectorsAnswer)
            found = self._in_order(answer.data, texts)
            return [_rows(each.data, self.dimensions) for each in found]

    async def _post(
        self, client: "AsyncOpenAI", body: Mapping[str, object], answer: type[Answer]
    ) -> Answer:
        within_s = ALL_TRIES * self.settings.timeout_s
        return await post_json(client, "/pooling", body, answer, within_s=within_s)

    def _in_order(self, found: Sequence[_Indexed], texts: Sequence[str]) -> list[_Indexed]:
        ordered = sorted(found, key=lambda each: each.index)
        if [each.index for each in ordered] != list(range(len(texts))):
            raise ModelUnreachable(
                self.model, reason=f"asked for {len(texts)} embeddings, it sent {len(found)}"
            )
        return ordered


def open_vllm_embedder(settings: EmbeddingSettings) -> VllmEmbedder:
    """Connect to the servers in `settings`, of which `base_url` must be set.

    Raises:
        LocalEmbeddingMissing, ModelFolderUnfit: a folder is named, and has no tokenizer.
    """

    def connect(url: AnyHttpUrl) -> "AsyncOpenAI":
        return open_client(beside_v1(url), settings.api_key, settings.timeout_s)

    return VllmEmbedder(
        client=connect(settings.endpoint),
        colbert_client=connect(settings.colbert_url) if settings.colbert_url else None,
        settings=settings,
        count=token_counter(settings.folder),
    )


def beside_v1(url: AnyHttpUrl) -> AnyHttpUrl:
    """Return where `/pooling` lies: vLLM has it beside `/v1`, not in it."""
    return AnyHttpUrl(str(url).rstrip("/").removesuffix("/v1"))


def _batches(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut a row of texts of these lengths: where each batch starts, and where it ends."""
    start = tokens = 0
    for index, length in enumerate(lengths):
        if index > start and (index - start == _BATCH or tokens + length > _BATCH_TOKENS):
            yield start, index
            start, tokens = index, 0
        tokens += length
    if lengths:
        yield start, len(lengths)


def _learned(found: _DenseAndSparse) -> SparseWeights:
    return learned_weights((each.token_id, each.weight) for each in found.sparse_embedding)


def _rows(encoded: str, dimensions: int) -> list[list[float]]:
    """Cut the vectors of a text apart.

    Raises:
        ValueError: they are none, or not of this length, or without a direction.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
    if not raw or len(raw) % (_FLOAT_BYTES * dimensions):
        raise ValueError(f"{len(raw)} bytes are no vectors of {dimensions} numbers")
    numbers = array("f", raw)
    if byteorder == "big":
        numbers.byteswap()
    rows = [unit(numbers[at : at + dimensions]) for at in range(0, len(numbers), dimensions)]
    if not all(rows):
        raise ValueError("a vector without a direction")
    return rows
