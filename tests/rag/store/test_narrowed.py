"""A search narrowed to a part of what may be seen, in every store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rag.store.port import ANY, PassageFilter, Point, SparseVector, VectorQuery, VectorStore
from tests.rag.store.points import access, id_of, passage

ALLOY = access("alloy")
QUERIES = [
    VectorQuery("dense", (1.0, 0.0, 0.0, 0.0), 10),
    VectorQuery("words", SparseVector([7], [1.0]), 10),
]
APRIL = datetime(2024, 4, 1, tzinfo=UTC)


def _labelled(name: str, **labels: object) -> Point:
    point = passage(name, 7)
    return replace(point, payload={**point.payload, **labels})


POINTS = [
    _labelled("alloy/report/1/0", path="data/2024/報告.pdf", file_type="pdf", language="ja"),
    _labelled("alloy/table/1/0", path="data/2024-05.csv", file_type="csv", tags=["xrd", "mg"]),
    _labelled("alloy/notes/1/0", path="notes.txt", language="en", modified=APRIL.isoformat()),
    _labelled("alloy/bare/1/0"),
    _labelled("secret/report/1/0", path="data/2024/報告.pdf", file_type="pdf", tags=["xrd"]),
]


@pytest.fixture
async def filled(store: VectorStore) -> VectorStore:
    await store.upsert(POINTS)
    await store.flush()
    return store


@pytest.mark.parametrize(
    ("only", "files"),
    [
        (ANY, {"report", "table", "notes", "bare"}),
        (PassageFilter(file_types=frozenset({"pdf", "csv"})), {"report", "table"}),
        (PassageFilter(languages=frozenset({"en"})), {"notes"}),
        (PassageFilter(tags=frozenset({"mg", "none"})), {"table"}),
        (PassageFilter(path_prefixes=frozenset({"data/2024"})), {"report", "table"}),
        (PassageFilter(path_prefixes=frozenset({"data/2024/報", "no"})), {"report", "notes"}),
        (PassageFilter(path_prefixes=frozenset({"ata/"})), set[str]()),
        (PassageFilter(modified_from=APRIL), {"notes"}),
        (PassageFilter(modified_before=APRIL), set[str]()),
        (PassageFilter(modified_before=APRIL + timedelta(microseconds=1)), {"notes"}),
        (PassageFilter(modified_from=APRIL.astimezone(timezone(timedelta(hours=9)))), {"notes"}),
        (PassageFilter(passage_ids=frozenset({id_of("alloy/bare/1/0")})), {"bare"}),
        (PassageFilter(passage_ids=frozenset({id_of("secret/report/1/0")})), set[str]()),
        (
            PassageFilter(
                file_types=frozenset({"csv"}),
                tags=frozenset({"xrd"}),
                path_prefixes=frozenset({"data/"}),
            ),
            {"table"},
        ),
        (PassageFilter(file_types=frozenset({"pdf"}), tags=frozenset({"xrd"})), set[str]()),
    ],
)
async def test_every_query_finds_what_fits_all_conditions(
    filled: VectorStore, only: PassageFilter, files: set[str]
) -> None:
    expected = {id_of(f"alloy/{file}/1/0") for file in files}
    for found in await filled.search(QUERIES, access=ALLOY, only=only):
        assert found.keys() == expected


async def test_what_is_narrowed_away_still_counts_for_how_rare_a_word_is(
    filled: VectorStore,
) -> None:
    [_, everywhere] = await filled.search(QUERIES, access=ALLOY)
    only = PassageFilter(file_types=frozenset({"csv"}))
    [_, narrowed] = await filled.search(QUERIES, access=ALLOY, only=only)
    [best] = narrowed
    assert narrowed[best] == pytest.approx(everywhere[best])
