"""Index the same files as shipped, stage by stage, and embed them with a peer; in rounds."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from evals.indexing.mix import write_files
from evals.indexing.stages import EMBED, Stages, measure_stages
from evals.rdm_sync.product import Product
from evals.retrieval.collection import Document

LEAST_DOCUMENTS_PER_S: Final = 90.0
LEAST_TIMES_PEER: Final = 2.0
MOST_ADDED: Final = 0.15
_PEER: Final = (sys.executable, "-m", "evals.indexing.peer_program")

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One after the other: the whole, its stages, the peer."""

    whole_s: float
    """A sync of the folder by the installed command, from its beginning to its end."""
    whole_cpu_s: float
    stages: Stages
    peer_s: float
    peer_batch: int

    @property
    def added(self) -> float:
        """Return what everything else adds to the time that embedding alone takes."""
        return self.whole_s / self.stages.costs[EMBED].wall_s - 1

    def share(self, stage: str) -> float:
        """Return a stage's part of the CPU time of the whole."""
        return self.stages.costs[stage].cpu_s / self.whole_cpu_s

    @property
    def times_peer(self) -> float:
        """Return how many times as fast as the peer, which embeds only, all of it is."""
        return self.peer_s / self.whole_s


@dataclass(frozen=True, slots=True)
class Measured:
    """Rounds over the same documents."""

    documents: int
    rounds: Sequence[Round]

    def figures(self) -> Mapping[str, float]:
        """Return medians over the rounds."""
        whole, counts = self._median(lambda each: each.whole_s), self.rounds[0].stages.counts
        embed = self._median(lambda each: each.stages.costs[EMBED].wall_s)
        return {
            "documents": self.documents,
            "passages": counts["passages"],
            "passages embedded": counts["embedded"],
            "tokens embedded per document": counts["tokens"] / self.documents,
            "documents/s": self.documents / whole,
            "tokens embedded/s": counts["tokens"] / whole,
            "embedding alone, documents/s": self.documents / embed,
            "added to embedding": self._median(lambda each: each.added),
            "peer, documents/s": self.documents / self._median(lambda each: each.peer_s),
            "times peer": self._median(lambda each: each.times_peer),
        }

    def shares(self) -> Mapping[str, float]:
        """Return each stage's median part of the CPU time of the whole; `other` is the rest.

        That is records, flushing, the job, loading the model, and waiting for each other.
        """
        names = self.rounds[0].stages.costs
        shares = {name: self._median(partial(Round.share, stage=name)) for name in names}
        return {**shares, "other": 1 - sum(shares.values())}

    def _median(self, of: Callable[[Round], float]) -> float:
        return median(map(of, self.rounds))


def misses(mix: Measured | None, english: Measured | None) -> list[str]:
    """Say which figures fall short.

    What the rest adds to embedding is told by the part of which all is embedded: passages in a
    language that the model does not know cost the rest, and no embedding.
    """
    missed: list[str] = []
    if mix is not None:
        figures = mix.figures()
        if figures["documents/s"] < LEAST_DOCUMENTS_PER_S:
            missed.append(f"{figures['documents/s']:.1f} documents/s < {LEAST_DOCUMENTS_PER_S:g}")
        if figures["times peer"] < LEAST_TIMES_PEER:
            missed.append(f"{figures['times peer']:.2f} × the peer < {LEAST_TIMES_PEER:g}")
    if english is not None and (added := english.figures()["added to embedding"]) > MOST_ADDED:
        missed.append(f"{added:.1%} added to embedding > {MOST_ADDED:.0%}")
    return missed


def measure(documents: Sequence[Document], *, rounds: int, tell: Told) -> Measured:
    """Measure everything in each round, so that the load of the machine is the same for all."""
    return Measured(
        len(documents), [_round(documents, f"round {number + 1}", tell) for number in range(rounds)]
    )


def _round(documents: Sequence[Document], name: str, tell: Told) -> Round:
    with tempfile.TemporaryDirectory() as home:
        files = Path(home) / "files"
        write_files(documents, files)
        tell(f"{name}: the whole")
        whole_s, whole_cpu_s = _whole(Path(home) / "data", files, len(documents))
        tell(f"{name}: stage by stage")
        stages = asyncio.run(measure_stages(files, Path(home) / "store"))
    tell(f"{name}: the peer")
    peer = _peer([document.whole_text for document in documents])
    return Round(
        whole_s=whole_s,
        whole_cpu_s=whole_cpu_s,
        stages=stages,
        peer_s=peer["seconds"],
        peer_batch=int(peer["batch"]),
    )


def _whole(data: Path, files: Path, documents: int) -> tuple[float, float]:
    product = Product.at(data, {})
    report, run = product.index(str(files))
    if report.failed or report.stale or report.done != documents:
        raise ValueError(f"not a whole run: {report!r}")
    whole_s, start = product.last_sync_s(report.project_id)
    return whole_s, run.cpu_s - start.cpu_s


def _peer(texts: Sequence[str]) -> dict[str, float]:
    ran = subprocess.run(  # noqa: S603 - a program of ours
        _PEER, input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, float] = json.loads(ran.stdout)
    return answer
