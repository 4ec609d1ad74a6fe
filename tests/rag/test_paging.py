"""Pages of a search: nothing twice, nothing that stays is lost, however the index changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ports import SourceFile
from inference.fake import HashEmbedder
from rag.models import Hit, SearchAnswer, SearchRequest
from rag.problems import CursorUnfit
from rag.search import Search
from rag.store.edge import EdgeStore
from tests.rag.shelves import Grants, listed, shelve, shelve_file, someone

GRANTS = Grants({"aoki": ("alloy",), "mori": ("veda",)})
_FILES = 6
_SHOWN = "alloy"
_OF_ONE_PASSAGE = 100  # words: so long that another paragraph is a passage of its own


def _search(store: EdgeStore) -> Search:
    return Search(embedder=HashEmbedder(), store=store, access=GRANTS)


async def _page(search: Search, cursor: str | None = None, **options: Any) -> SearchAnswer:  # noqa: ANN401 - fields of the request
    asked = {"query": _SHOWN, "limit": 2, "cursor": cursor, **options}
    return await search.search(someone(), SearchRequest.model_validate(asked))


async def _pages(search: Search, **options: Any) -> list[SearchAnswer]:  # noqa: ANN401 - see above
    pages = [await _page(search, **options)]
    while pages[-1].next_cursor:
        pages.append(await _page(search, pages[-1].next_cursor, **options))
    return pages


@dataclass
class _Shelf:
    """A project that changes as the indexer changes it: of two passages a file, one stays."""

    store: EdgeStore
    revisions: dict[int, int] = field(default_factory=dict[int, int])

    async def write(self, number: int) -> None:
        """Add a file, or put a new version of it in the place of the old one."""
        revision = self.revisions[number] = self.revisions.get(number, 0) + 1
        text = "\n\n".join(self._texts(number, revision))
        file = replace(listed(f"{number}.txt", text), version=str(revision))
        written = await shelve_file(self.store, HashEmbedder(), "alloy", file, text)
        assert [point.payload["text"] for point in written] == self._texts(number, revision)
        await self.store.delete_file("alloy", file.file_id, except_version=file.version)

    async def remove(self, number: int) -> None:
        if self.revisions.pop(number, None) is not None:
            await self.store.delete_file("alloy", f"{number}.txt")

    def held(self) -> set[tuple[str, str]]:
        """Return what is there: paths and texts."""
        return {
            (f"{number}.txt", text)
            for number, revision in self.revisions.items()
            for text in self._texts(number, revision)
        }

    def _texts(self, number: int, revision: int) -> list[str]:
        same = " ".join([_SHOWN, *(f"{number}a{word}" for word in range(_OF_ONE_PASSAGE))])
        new = " ".join([_SHOWN, *(f"{number}b{revision}" for _ in range(_OF_ONE_PASSAGE))])
        return [same, new]


_Change = tuple[str, int]
_NO_CHANGE: Sequence[_Change] = ()
_CHANGES = st.lists(
    st.tuples(st.sampled_from(["write", "remove"]), st.integers(0, _FILES - 1)), max_size=3
)


async def _read_through(
    folder: Path,
    changes: Sequence[Sequence[_Change]],
    **options: Any,  # noqa: ANN401 - see above
) -> tuple[list[Hit], set[tuple[str, str]]]:
    """Return all hits of a search between whose pages files change, and what stayed meanwhile."""
    store = await EdgeStore.open(folder, model=HashEmbedder().model, dimensions=64)
    shelf = _Shelf(store)
    for number in range(0, _FILES, 2):
        await shelf.write(number)
    stayed, hits, cursor = shelf.held(), list[Hit](), None
    for between in [*changes, *[_NO_CHANGE] * (2 * _FILES)]:
        page = await _page(_search(store), cursor, **options)
        hits += page.hits
        cursor = page.next_cursor
        if cursor is None:
            break
        for change, number in between:
            await (shelf.write(number) if change == "write" else shelf.remove(number))
            stayed &= shelf.held()
    assert cursor is None
    await store.close()
    return hits, stayed


@given(changes=st.lists(_CHANGES, max_size=5), limit=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
async def test_nothing_comes_twice_and_nothing_that_stays_is_lost(
    changes: list[list[tuple[str, int]]], limit: int
) -> None:
    with TemporaryDirectory() as folder:
        hits, stayed = await _read_through(Path(folder), changes, limit=limit)
    shown = [(hit.path, hit.text) for hit in hits]
    assert len(shown) == len(set(shown))
    assert stayed <= set(shown)
    assert [hit.number for hit in hits] == list(range(1, len(hits) + 1))


@given(changes=st.lists(_CHANGES, max_size=5), limit=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
async def test_no_file_comes_twice_and_none_that_stays_is_lost(
    changes: list[list[tuple[str, int]]], limit: int
) -> None:
    with TemporaryDirectory() as folder:
        hits, stayed = await _read_through(Path(folder), changes, limit=limit, group_by="file")
    files = [path for path, _ in groupby(hits, key=lambda hit: hit.path)]
    assert len(files) == len(set(files))
    assert {path for path, _ in stayed} <= {hit.path for hit in hits}


async def test_pages_together_are_the_ranking(edge_store: EdgeStore) -> None:
    texts = {f"{number}.txt": f"alloy {'x ' * number}" for number in range(9)}
    await shelve(edge_store, HashEmbedder(), "alloy", texts)
    whole = await _page(_search(edge_store), limit=100)
    pages = await _pages(_search(edge_store))
    assert [hit for page in pages for hit in page.hits] == whole.hits
    assert [len(page.hits) for page in pages] == [2, 2, 2, 2, 1]
    assert whole.next_cursor is None


async def test_a_page_that_ends_with_the_last_hit_is_the_last(edge_store: EdgeStore) -> None:
    await shelve(edge_store, HashEmbedder(), "alloy", {"a.txt": "alloy", "b.txt": "alloy two"})
    assert (await _page(_search(edge_store), limit=2)).next_cursor is None
    assert (await _page(_search(edge_store), limit=1)).next_cursor is not None


async def test_a_cursor_gives_no_right_to_what_it_was_given_for(edge_store: EdgeStore) -> None:
    await shelve(edge_store, HashEmbedder(), "alloy", {"a.txt": "alloy", "b.txt": "alloy two"})
    first = await _page(_search(edge_store), limit=1)
    request = SearchRequest(query=_SHOWN, limit=1, cursor=first.next_cursor)
    answer = await _search(edge_store).search(someone("mori"), request)
    assert (answer.hits, answer.next_cursor) == ([], None)


async def test_a_cursor_of_another_search_is_refused(edge_store: EdgeStore) -> None:
    await shelve(edge_store, HashEmbedder(), "alloy", {"a.txt": "alloy", "b.txt": "alloy two"})
    first = await _page(_search(edge_store), limit=1)
    with pytest.raises(CursorUnfit):
        await _page(_search(edge_store), first.next_cursor, query="alloy two")
    with pytest.raises(CursorUnfit):
        await _page(_search(edge_store), f"{first.next_cursor}AAAA")


async def test_copies_are_left_out_of_later_pages_too(edge_store: EdgeStore) -> None:
    texts = {f"{name}.txt": "alloy" for name in "abcd"} | {"e.txt": "alloy two"}
    await shelve(edge_store, HashEmbedder(), "alloy", texts)
    pages = await _pages(_search(edge_store), limit=1, unique_texts=True)
    assert [[hit.text for hit in page.hits] for page in pages] == [["alloy"], ["alloy two"]]


def _version(name: str, version: str, source_version: str) -> SourceFile:
    return replace(listed(name, ""), version=version, source_version=source_version)


async def test_while_two_versions_lie_side_by_side_the_newer_one_is_shown(
    edge_store: EdgeStore,
) -> None:
    for version, text in [("1", "alloy old"), ("2", "alloy new")]:
        file = _version("a.txt", f"sha-{version}", version)
        await shelve_file(edge_store, HashEmbedder(), "alloy", file, text)
    pages = await _pages(_search(edge_store))
    assert [[hit.text for hit in page.hits] for page in pages] == [["alloy new"]]
