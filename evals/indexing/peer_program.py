"""sentence-transformers on torch, fp32: reads texts as JSON, answers with the seconds it took."""

import json
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from evals.embedding.library import LibraryMiniLm

_BATCHES: Final = (8, 32, 128)
_TRIED_ON: Final = 8  # every eighth text: to choose the batch


def main() -> None:
    """Try the batch sizes on some of the texts, and take the best one's time over all."""
    texts = json.load(sys.stdin)
    library = LibraryMiniLm()
    library.vectors(texts[:8], batch=8)
    tried = {batch: _seconds(library, texts[::_TRIED_ON], batch) for batch in _BATCHES}
    best = min(tried, key=tried.__getitem__)
    json.dump({"batch": best, "seconds": _seconds(library, texts, best)}, sys.stdout)


def _seconds(library: LibraryMiniLm, texts: Sequence[str], batch: int) -> float:
    begun = perf_counter()
    library.vectors(texts, batch=batch)
    return perf_counter() - begun


if __name__ == "__main__":
    main()
