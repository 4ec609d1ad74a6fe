"""bge-m3 in this process, from a folder with its published checkpoint; nothing is fetched."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from pydantic import BaseModel, ValidationError

from inference.bge_m3_torch import COLBERT, SPARSE, BgeM3Model, TextOutputs, weights_file
from inference.embedding import ALL_OUTPUTS, Embedding, Output, learned_weights
from inference.problems import ModelFolderUnfit
from inference.settings import EmbeddingSettings
from inference.token_counts import Tokenizer, open_tokenizer, refuse_too_long

_BATCH: Final = 8
_BATCH_TOKENS: Final = 4096  # of a batch, padding included: what a forward pass may take of memory
_NOT_PLACES: Final = 2  # XLM-R counts places from the id of its padding on


class _Config(BaseModel):
    """What is used of `config.json`."""

    hidden_size: int
    max_position_embeddings: int


@dataclass(kw_only=True)
class BgeM3Embedder:
    """Implements `rag.ports.Embedder`.

    The model is loaded, in a thread, when it is first asked to embed: counting tokens does not wait
    for it, and torch is not loaded before.
    """

    load: Callable[[], BgeM3Model]
    tokenizer: Tokenizer
    model: str
    dimensions: int
    max_tokens: int
    languages: frozenset[str]
    outputs: frozenset[Output]
    _loaded: BgeM3Model | None = None
    _loading: Lock = field(default_factory=Lock)

    def count_tokens(self, text: str) -> int:
        """Return the model's own count, its two special tokens included."""
        return len(self.tokenizer.encode(text).ids)

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding per text, in order, each with all of `outputs`.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
            LocalEmbeddingMissing, ModelFolderUnfit: it cannot be loaded.
        """
        return await asyncio.to_thread(self._embed_documents, texts) if texts else []

    async def embed_query(self, text: str) -> Embedding:
        """Return the embedding of a query; the model reads its first `max_tokens` tokens."""
        return await asyncio.to_thread(self._embed_query, text)

    def _embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        tokens = [self.tokenizer.encode(text).ids for text in texts]
        refuse_too_long(map(len, tokens), self.max_tokens)
        return self._embed(tokens)

    def _embed_query(self, text: str) -> Embedding:
        ids = self.tokenizer.encode(text).ids
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]
        return self._embed([ids])[0]

    def _embed(self, tokens: Sequence[Sequence[int]]) -> list[Embedding]:
        model = self._model()
        embeddings: dict[int, Embedding] = {}
        for batch in _batches(tokens):
            outputs = model.embed([tokens[index] for index in batch])
            for index, output in zip(batch, outputs, strict=True):
                embeddings[index] = _embedding(tokens[index], output)
        return [embeddings[index] for index in range(len(tokens))]

    def _model(self) -> BgeM3Model:
        with self._loading:
            if self._loaded is None:
                self._loaded = self.load()
            return self._loaded


def open_bge_m3_embedder(settings: EmbeddingSettings) -> BgeM3Embedder:
    """Look at the checkpoint in `settings.folder`, which must be set, and load its tokenizer.

    Raises:
        LocalEmbeddingMissing: the extra `local` is not installed.
        ModelFolderUnfit: a file is missing or damaged, or `max_tokens` is more than it reads.
    """
    folder = settings.folder
    if folder is None:
        raise ValueError("embedding.folder is not set")
    tokenizer = open_tokenizer(folder)
    config = _config(folder, colbert=settings.colbert)
    reads = config.max_position_embeddings - _NOT_PLACES
    if settings.max_tokens > reads:
        reason = f"it reads {reads} tokens, FUMIKURA_EMBEDDING__MAX_TOKENS says more"
        raise ModelFolderUnfit(folder, reason=reason)
    return BgeM3Embedder(
        load=partial(BgeM3Model, folder, colbert=settings.colbert),
        tokenizer=tokenizer,
        model=settings.model,
        dimensions=config.hidden_size,
        max_tokens=settings.max_tokens,
        languages=settings.languages,
        outputs=ALL_OUTPUTS if settings.colbert else ALL_OUTPUTS - {"colbert"},
    )


def _config(folder: Path, *, colbert: bool) -> _Config:
    """Read `config.json`, and see that the files which are big to read are there."""
    weights_file(folder)
    for name in (SPARSE, *([COLBERT] if colbert else [])):
        if not (folder / name).is_file():
            raise ModelFolderUnfit(folder, reason=f"{name} is not there")
    try:
        return _Config.model_validate_json((folder / "config.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFolderUnfit(folder, reason="config.json is missing or damaged") from error


def _batches(tokens: Sequence[Sequence[int]]) -> Iterable[list[int]]:
    """Yield the places of texts of about one length, the longest first: the least padding."""
    left = sorted(range(len(tokens)), key=lambda index: len(tokens[index]), reverse=True)
    while left:
        size = min(_BATCH, max(1, _BATCH_TOKENS // len(tokens[left[0]])))
        yield left[:size]
        left = left[size:]


def _embedding(tokens: Sequence[int], output: TextOutputs) -> Embedding:
    weights = learned_weights(zip(tokens, output.token_weights, strict=True))
    return Embedding(output.dense, sparse=weights, colbert=output.colbert)
