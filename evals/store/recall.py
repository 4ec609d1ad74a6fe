"""What a filtered, maybe quantised search misses of what an exact one finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean, median
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evals.query_speed.shelf import SEARCHER, Readable
from evals.store.shelf import PROJECTS, MadeUp, labels, point_id
from rag.access import access_filter
from rag.store.port import ANY, PassageFilter, VectorQuery, VectorStore

AT: Final = 10
_EVERY: Final = frozenset(f"project-{number}" for number in range(PROJECTS))
_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A filter as the store gets it, and as a question to a passage's labels."""

    name: str
    projects: frozenset[str] = _EVERY
    only: PassageFilter = ANY
    fits: Callable[[Mapping[str, Any]], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Recalled:
    """Recall@10 over the queries, and what a query took."""

    case: str
    passages: int
    recall: float
    p50_ms: float


CASES: Final = (
    Case(name="everything"),
    Case(
        name="one project of 50",
        projects=frozenset({"project-7"}),
        fits=lambda each: each["project_id"] == "project-7",
    ),
    Case(
        name="file type",
        only=PassageFilter(file_types=frozenset({"csv"})),
        fits=lambda each: each["file_type"] == "csv",
    ),
    Case(
        name="language",
        only=PassageFilter(languages=frozenset({"ja"})),
        fits=lambda each: each["language"] == "ja",
    ),
    Case(
        name="tag",
        only=PassageFilter(tags=frozenset({"tag-3"})),
        fits=lambda each: "tag-3" in each["tags"],
    ),
    Case(
        name="path prefix",
        only=PassageFilter(path_prefixes=frozenset({"data/2019/run-1"})),
        fits=lambda each: str(each["path"]).startswith("data/2019/run-1"),
    ),
    Case(
        name="date",
        only=PassageFilter(modified_from=_SINCE),
        fits=lambda each: str(each["modified"]) >= "2020",
    ),
    Case(
        name="10 projects, type, language, date",
        projects=frozenset(f"project-{number}" for number in range(10)),
        only=PassageFilter(
            file_types=frozenset({"csv", "pdf"}),
            languages=frozenset({"ja"}),
            modified_from=_SINCE,
        ),
        fits=lambda each: (
            int(str(each["project_id"]).removeprefix("project-")) < 10
            and each["file_type"] in {"csv", "pdf"}
            and each["language"] == "ja"
            and str(each["modified"]) >= "2020"
        ),
    ),
    Case(
        name="20 projects, two types, language",
        projects=frozenset(f"project-{number}" for number in range(20)),
        only=PassageFilter(file_types=frozenset({"csv", "pdf"}), languages=frozenset({"ja"})),
        fits=lambda each: (
            int(str(each["project_id"]).removeprefix("project-")) < 20
            and each["file_type"] in {"csv", "pdf"}
            and each["language"] == "ja"
        ),
    ),
)


async def recall(store: VectorStore, made: MadeUp, case: Case, *, queries: int) -> Recalled:
    """Ask `queries` times, and compare the ten nearest with those of a look at every vector."""
    access = await access_filter(SEARCHER, None, Readable(case.projects))
    asked = made.queries(queries)
    answers: list[set[str]] = []
    times: list[float] = []
    for query in asked:  # all of them before a look at every vector, which empties the caches
        nearest = VectorQuery("dense", query.tolist(), AT)
        began = perf_counter()
        [found] = await store.search([nearest], access=access, only=case.only)
        times.append((perf_counter() - began) * 1000)
        answers.append(set(found))
    vectors = made.vectors()
    numbers = np.array([number for number in range(made.chunks) if case.fits(labels(number))])
    shares = [
        _share(found, query, vectors, numbers) for found, query in zip(answers, asked, strict=True)
    ]
    return Recalled(case.name, len(numbers), fmean(shares), median(times))


def _share(
    found: set[str],
    query: NDArray[np.float32],
    vectors: NDArray[np.float32],
    numbers: NDArray[np.int64],
) -> float:
    nearness = vectors[numbers] @ query
    best = numbers[np.argsort(-nearness)[:AT]]
    return len(found & {point_id(int(number)) for number in best}) / max(len(best), 1)
