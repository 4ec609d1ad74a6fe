"""all-MiniLM-L6-v2 as its own library runs it: sentence-transformers on torch, in float32."""

import importlib
import logging
import os
import warnings
from collections.abc import Sequence
from typing import Any, Final

from inference.local_embedder import minilm_folder

_MAX_TOKENS: Final = 256
_OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


class LibraryMiniLm:
    """The same weights as the shipped model's, for comparison."""

    def __init__(self) -> None:
        """Load torch and the model, which takes seconds."""
        os.environ.update(_OFFLINE)
        # By name, because it takes seconds to load, and its types are partial.
        library: Any = importlib.import_module("sentence_transformers")
        for chatty in ("sentence_transformers", "transformers"):
            logging.getLogger(chatty).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch deprecates its own calls
            self._model: Any = library.SentenceTransformer(
                str(minilm_folder()), local_files_only=True, device="cpu"
            )
        self._model.max_seq_length = _MAX_TOKENS

    def vectors(self, texts: Sequence[str], *, batch: int) -> list[list[float]]:
        """Return a vector for each text, L2 norm 1."""
        vectors: list[list[float]] = self._model.encode(
            list(texts), batch_size=batch, normalize_embeddings=True, show_progress_bar=False
        ).tolist()
        return vectors
