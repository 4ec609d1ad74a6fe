"""What a hit brings with it: its highlights, its neighbours, the others of its file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from inference.fake import HashEmbedder
from rag.models import Hit, SearchRequest
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import ANY, AccessFilter, HybridQuery, PassageFilter, Ranked, StoredPoint
from tests.rag.shelves import Grants, shelve, someone

GRANTS = Grants({"aoki": ("alloy",)})
LONG = [f"section{number} " + "filler words " * 45 for number in range(5)]
LONG[2] += "Hardness of A-12: ９２ HV"


@pytest.fixture
async def search(edge_store: EdgeStore, embedder: HashEmbedder) -> Search:
    await shelve(edge_store, embedder, "alloy", {"long.md": "\n\n".join(LONG), "b.md": "hardness"})
    return Search(embedder=embedder, store=edge_store, access=GRANTS)


async def _hits(search: Search, query: str, **options: Any) -> list[Hit]:  # noqa: ANN401 - fields of the request
    request = SearchRequest.model_validate({"query": query, **options})
    return (await search.search(someone(), request)).hits


async def test_a_hit_shows_where_it_has_what_was_asked(search: Search) -> None:
    [hit] = await _hits(search, "A12の硬さ 92", file_types=["md"], paths=["long"])
    assert [hit.text[span.start : span.end] for span in hit.highlights] == ["A-12", "９２"]


async def test_a_hit_has_no_neighbours_unless_asked(search: Search) -> None:
    assert all(hit.before == hit.after == [] for hit in await _hits(search, "hardness"))


async def test_neighbours_stand_in_reading_order_around_the_hit(search: Search) -> None:
    [hit] = await _hits(search, "A12", neighbours=1)
    assert [passage.text.split()[0] for passage in hit.before] == ["section1"]
    assert [passage.text.split()[0] for passage in hit.after] == ["section3"]


async def test_at_the_edge_of_a_document_there_are_fewer_neighbours(search: Search) -> None:
    hits = await _hits(search, "section4 section0", neighbours=3)
    around = {hit.text.split()[0]: (len(hit.before), len(hit.after)) for hit in hits}
    assert around == {"section0": (0, 3), "section4": (3, 0)}


async def test_a_file_is_shown_with_its_best_three_passages(search: Search) -> None:
    hits = await _hits(search, "filler hardness section0", group_by="file", limit=1)
    assert [hit.path for hit in hits] == ["long.md"] * 3
    assert [hit.number for hit in hits] == [1, 2, 3]


class _CountingStore(EdgeStore):
    """Counts how often passages are fetched."""

    fetched: list[int]

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        self.fetched.append(query.read)
        return await super().rank(query, access=access, only=only)

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        self.fetched.append(len(ids))
        return await super().fetch(ids, access=access)


@pytest.mark.parametrize(
    ("options", "fetches", "first"),
    [({}, 1, 9), ({"neighbours": 1}, 2, 9), ({"group_by": "file"}, 2, 9)],
)
async def test_no_more_is_fetched_than_is_asked_for(
    tmp_path: Path, embedder: HashEmbedder, options: dict[str, object], fetches: int, first: int
) -> None:
    store = await _CountingStore.open(
        tmp_path, model=embedder.model, dimensions=embedder.dimensions
    )
    store.fetched = []
    text = "\n\n".join(f"hardness {n} {'filler words ' * 45}" for n in range(10))
    await shelve(store, embedder, "alloy", {"a.md": text, "b.md": text})
    search = Search(embedder=embedder, store=store, access=GRANTS)
    assert len(await _hits(search, "hardness", **options)) <= 8
    assert (len(store.fetched), store.fetched[0]) == (fetches, first)
    await store.close()
