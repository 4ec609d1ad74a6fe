"""A moved file costs a new label: the index is that of a fresh run, and no model is asked."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.access import whole_project
from rag.models import SearchRequest
from rag.search import Search
from tests.rag.desk import IndexingDesk
from tests.rag.indexing import (
    FlakyEmbedder,
    MemorySource,
    PlainTextParser,
    contents,
    open_store,
)
from tests.rag.shelves import Grants, MemoryRecords, someone

LONG = "\n\n".join(f"第{number}節。" + "溶体化処理の条件を述べる。" * 40 for number in range(4))
TEXTS = {"a.txt": LONG, "b.txt": "Hardness of A-12: 92 HV.", "c.md": "時効"}


def _renamed(texts: dict[str, str], **names: str) -> dict[str, str]:
    return {names.get(path[0], path): text for path, text in texts.items()}


async def test_a_renamed_file_is_found_under_its_new_name_alone(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    source = MemorySource(texts=_renamed(TEXTS, a="実験/熱処理.txt"))
    before = desk.embedder.embedded
    report = await desk.sync(source)
    assert (report.moved, report.removed, report.todo, report.unchanged) == (1, 0, 0, 2)
    assert (source.fetched, desk.embedder.embedded) == ([], before)
    assert (await desk.texts()).keys() == source.texts.keys()
    assert "\n\n".join((await desk.texts())["実験/熱処理.txt"]) == LONG


async def test_a_moved_file_is_found_by_its_new_name(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    await desk.sync(MemorySource(texts=_renamed(TEXTS, b="furnace.txt")))
    search = Search(embedder=desk.embedder, store=desk.store, access=Grants({"aoki": ("alloy",)}))
    [hit] = (await search.search(someone(), SearchRequest(query="furnace"))).hits
    assert (hit.path, hit.title) == ("furnace.txt", "furnace.txt")


async def test_a_new_link_is_written_without_a_new_vector(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    before = desk.embedder.embedded
    report = await desk.sync(MemorySource(texts=TEXTS, link="https://rdm.example"))
    assert (report.moved, report.todo, desk.embedder.embedded) == (3, 0, before)
    record = await desk.record("b.txt")
    assert record.link == "https://rdm.example/b.txt"
    [point] = await desk.store.file_points("alloy", record.file_id, access=whole_project("alloy"))
    assert point.payload["link"] == record.link


@pytest.mark.parametrize(
    ("labels", "payload"),
    [
        ({"tags": ("XRD", "熱処理")}, {"tags": ["xrd", "熱処理"]}),
        ({"modified": datetime(2024, 4, 1, tzinfo=UTC)}, {"modified": "2024-04-01T00:00:00Z"}),
    ],
    ids=["tags", "time"],
)
async def test_new_labels_are_written_without_a_new_vector(
    desk: IndexingDesk, labels: dict[str, Any], payload: dict[str, object]
) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    before = desk.embedder.embedded
    report = await desk.sync(MemorySource(texts=TEXTS, **labels))
    assert (report.moved, report.todo, desk.embedder.embedded) == (3, 0, before)
    record = await desk.record("b.txt")
    [point] = await desk.store.file_points("alloy", record.file_id, access=whole_project("alloy"))
    assert {name: point.payload[name] for name in payload} == payload
    assert (await desk.sync(MemorySource(texts=TEXTS, **labels))).unchanged == 3


async def test_passages_that_are_not_there_are_made_again(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    await desk.store.delete_file("alloy", (await desk.record("a.txt")).file_id)
    renamed = _renamed(TEXTS, a="neu.txt")
    await desk.sync(MemorySource(texts=renamed))
    assert (await desk.texts()).keys() == renamed.keys()


@pytest.mark.parametrize("back", [False, True], ids=["as it was", "moved back"])
async def test_wherever_a_move_stops_the_next_run_follows_what_it_finds(
    stoppable: IndexingDesk,
    back: bool,  # noqa: FBT001 - pytest hands it in
) -> None:
    """Before each of its writes in turn; meanwhile a search finds the file under one name."""
    moved = _renamed(TEXTS, a="neu.txt")
    writes, stopped = 0, True
    while stopped:
        await stoppable.index(TEXTS)
        before = stoppable.embedder.embedded
        stopped = await stoppable.is_stopped(moved, after=writes)
        assert (await stoppable.texts()).keys() & {"a.txt", "neu.txt"}
        await stoppable.index(TEXTS if back else moved)
        held = await stoppable.texts()
        assert held.keys() == (TEXTS if back else moved).keys()
        assert await stoppable.store.count(access=whole_project("alloy")) == sum(
            map(len, held.values())
        )
        if not back:
            assert stoppable.embedder.embedded == before
        writes += 1
    assert writes > 5


_PATHS = st.sampled_from(["a.txt", "b.txt", "c.md", "drive/a.txt", "drive/d.txt"])
_CONTENTS = st.sampled_from(["溶体化処理", "時効は16時間", "Hardness: 92 HV", "", LONG])


@st.composite
def _steps(draw: st.DrawFn) -> list[tuple[dict[str, str], bool]]:
    """Draw what a project holds at each of a few syncs, and whether `drive/` can be listed."""
    texts = draw(st.dictionaries(_PATHS, _CONTENTS, max_size=4))
    steps = [(dict(texts), False)]
    for _ in range(draw(st.integers(1, 4))):
        one, other = draw(_PATHS), draw(_PATHS)
        what = draw(st.sampled_from(["write", "delete", "move", "copy", "swap"]))
        if what == "write":
            texts[one] = draw(_CONTENTS)
        elif one in texts and what == "copy":
            texts[other] = texts[one]
        elif one in texts and other in texts and what == "swap":
            texts[one], texts[other] = texts[other], texts[one]
        elif one in texts:
            moved = texts.pop(one)
            if what == "move":
                texts[other] = moved
        steps.append((dict(texts), draw(st.booleans())))
    return steps


def _after(
    held: dict[str, str], texts: dict[str, str], *, drive_is_down: bool
) -> tuple[dict[str, str], list[str]]:
    """Return what the index then holds, and which contents had to be embedded for it."""
    hidden = "drive/" if drive_is_down else "no such folder/"
    seen = {path: text for path, text in texts.items() if not path.startswith(hidden)}
    unseen = {path: text for path, text in held.items() if path.startswith(hidden)}
    gone = {
        (text, Path(path).suffix)
        for path, text in held.items()
        if path not in seen and path not in unseen
    }
    embedded = [
        text
        for path, text in seen.items()
        if held.get(path) != text and (text, Path(path).suffix) not in gone
    ]
    return seen | unseen, embedded


@settings(max_examples=25, deadline=None)
@given(_steps())
def test_after_any_history_the_index_is_that_of_a_fresh_run(
    steps: Sequence[tuple[dict[str, str], bool]],
) -> None:
    asyncio.run(_live_through(steps))


async def _live_through(steps: Sequence[tuple[dict[str, str], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = await _fresh_desk(Path(folder) / "lived")
        held: dict[str, str] = {}
        for texts, drive_is_down in steps:
            unlisted = ["drive/"] if drive_is_down else []
            held, embedded = _after(held, texts, drive_is_down=drive_is_down)
            before = desk.embedder.embedded
            await desk.sync(MemorySource(texts=texts, unlisted=unlisted))
            assert (await desk.texts()).keys() == {path for path, text in held.items() if text}
            assert desk.embedder.embedded - before == sum(map(_passages, embedded))
        await desk.store.close()
        assert contents(Path(folder) / "lived") == await _fresh(Path(folder) / "fresh", held)


async def _fresh(folder: Path, texts: dict[str, str]) -> dict[str, Any]:
    desk = await _fresh_desk(folder)
    await desk.sync(MemorySource(texts=texts))
    await desk.store.close()
    return contents(folder)


async def _fresh_desk(folder: Path) -> IndexingDesk:
    return IndexingDesk(
        root=folder,
        store=await open_store(folder),
        embedder=FlakyEmbedder(),
        parser=PlainTextParser(),
        records=MemoryRecords(),
    )


def _passages(text: str) -> int:
    return {"": 0, LONG: 4}.get(text, 1)
