"""What a source cannot hand out for now keeps its last state, and the report says so."""

from pathlib import Path

import pytest

from connectors.ports import SourceFile
from connectors.problems import SourceMissing
from contracts.problems import ServiceUnreachable
from rag.models import StalePart
from rag.sync import INTERRUPTED
from tests.rag.desk import IndexingDesk
from tests.rag.indexing import MemorySource, Stopped

TEXTS = {"a.txt": "溶体化処理", "drive/b.txt": "時効", "drive/c.txt": "焼鈍"}


def _held(texts: dict[str, str]) -> dict[str, list[str]]:
    return {path: [text] for path, text in texts.items()}


async def test_a_part_that_cannot_be_listed_keeps_its_files(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    report = await desk.sync(MemorySource(texts={}, unlisted=["drive/"]))
    down = ServiceUnreachable("The storage", reason="it was told to be down")
    assert report.stale == [StalePart(path="drive/", code=down.code, message=down.message)]
    assert report.removed == 1
    assert await desk.texts() == _held({"drive/b.txt": "時効", "drive/c.txt": "焼鈍"})


async def test_a_part_that_can_be_listed_again_is_brought_up_to_date(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    await desk.sync(MemorySource(texts=TEXTS, unlisted=["drive/"]))
    texts = {"a.txt": "溶体化処理", "drive/c.txt": "水冷"}
    report = await desk.sync(MemorySource(texts=texts))
    assert (report.stale, report.removed, report.todo) == ([], 1, 1)
    assert await desk.texts() == _held(texts)


async def test_a_changed_file_that_cannot_be_fetched_is_found_as_it_was(desk: IndexingDesk) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    changed = {**TEXTS, "a.txt": "水冷", "drive/b.txt": "空冷"}
    report = await desk.sync(MemorySource(texts=changed, unavailable={"a.txt"}))
    assert [(part.path, part.code) for part in report.stale] == [("a.txt", "file_unavailable")]
    assert (report.failures, report.todo, report.done) == ([], 2, 2)
    assert await desk.texts() == _held({**changed, "a.txt": TEXTS["a.txt"]})
    assert (await desk.sync(MemorySource(texts=changed))).todo == 1
    assert await desk.texts() == _held(changed)


async def test_a_new_file_that_cannot_be_fetched_has_failed_until_it_can(
    desk: IndexingDesk,
) -> None:
    for _ in range(2):
        report = await desk.sync(MemorySource(texts=TEXTS, unavailable={"a.txt"}))
        assert [(each.path, each.code) for each in report.failures] == [
            ("a.txt", "file_unavailable")
        ]
        assert report.stale == []
    assert (await desk.sync(MemorySource(texts=TEXTS))).failures == []
    assert await desk.texts() == _held(TEXTS)


async def test_a_long_list_of_what_failed_is_cut_and_counted(desk: IndexingDesk) -> None:
    texts = {f"{number:03}.txt": "" for number in range(103)}
    report = await desk.sync(MemorySource(texts=texts))
    assert (report.failed, len(report.failures)) == (103, 100)


async def test_a_file_cut_short_in_a_part_that_cannot_be_listed_costs_no_other(
    stoppable: IndexingDesk,
) -> None:
    """Its passages are there without a record that counts them."""
    await stoppable.sync(MemorySource(texts={"drive/a.txt": "時効", "other.txt": "焼鈍"}))
    stoppable.countdown.left = 2
    with pytest.raises(Stopped):
        await stoppable.sync(MemorySource(texts={"drive/a.txt": "水冷", "other.txt": "焼鈍"}))
    stoppable.countdown.left = float("inf")
    assert (await stoppable.record("drive/a.txt")).failure_code == INTERRUPTED
    report = await stoppable.sync(MemorySource(texts={"other.txt": "焼鈍"}, unlisted=["drive/"]))
    assert (report.unchanged, report.todo) == (1, 0)
    assert set((await stoppable.texts())["drive/a.txt"]) <= {"時効", "水冷"}


class _Closed(MemorySource):
    """A source that lists its files and then refuses to hand out any, whichever it is."""

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        await super().fetch(file, folder)
        raise SourceMissing(self.project_id)


async def test_a_source_that_fails_as_a_whole_ends_the_run_and_takes_nothing(
    desk: IndexingDesk,
) -> None:
    await desk.sync(MemorySource(texts=TEXTS))
    more = {f"more-{number:02}.txt": "neu" for number in range(20)}
    closed = _Closed(texts={path: f"neu: {text}" for path, text in TEXTS.items()} | more)
    with pytest.raises(SourceMissing):
        await desk.sync(closed)
    assert len(closed.fetched) <= 5  # the first, and what was read ahead
    assert await desk.texts() == _held(TEXTS)
