"""The index follows its project: what is new, changed, gone, broken, or cut short."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.folder import FolderSource
from connectors.ports import SourceFile
from connectors.problems import SourceMissing
from contracts.problems import ServiceUnreachable
from rag.access import whole_project
from rag.models import FileFailure, IndexReport
from rag.parsing.isolated import IsolatedParser
from rag.parsing.problems import ParseFailed
from rag.sync import INTERRUPTED
from tests.rag.desk import IndexingDesk
from tests.rag.indexing import MemorySource, contents, open_store, write_project
from tests.rag.shelves import MemoryRecords

TEXTS = {
    "README.md": "AZ91合金の時効硬化。",
    "a.txt": "溶体化処理は415 °Cで24時間。\n\n時効は170 °Cで16時間。",
    "b.txt": "Hardness of A-12: 92 HV.",
}


OTHER_TEXTS = {
    "a.txt": "焼鈍は350 °Cで2時間。\n\n水冷した。",
    "b.txt": "Hardness of A-13: 95 HV.",
    "c.txt": "AZ91合金の時効硬化。",
}


async def test_every_file_of_a_new_project_is_indexed(desk: IndexingDesk) -> None:
    report = await desk.index(TEXTS)
    assert (report.stage, report.seen, report.todo, report.done) == ("done", 3, 3, 3)
    assert (report.unchanged, report.removed, report.failures, report.current) == (0, 0, [], None)
    held = await desk.texts()
    assert held.keys() == TEXTS.keys()
    assert sum(map(len, held.values())) == report.passages
    assert (await desk.record("a.txt")).status == "indexed"


async def test_an_unchanged_project_costs_nothing(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    read, embedded = list(desk.parser.read), desk.embedder.embedded
    report = await desk.index(TEXTS)
    assert (report.todo, report.unchanged, report.passages) == (0, 3, 0)
    assert (desk.parser.read, desk.embedder.embedded) == (read, embedded)


async def test_a_changed_file_is_read_again_and_no_other(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    desk.parser.read.clear()
    report = await desk.index({**TEXTS, "b.txt": "Hardness of A-12: 95 HV."})
    assert (report.todo, desk.parser.read) == (1, ["b.txt"])
    assert (await desk.texts())["b.txt"] == ["Hardness of A-12: 95 HV."]


async def test_a_deleted_file_leaves_the_index(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    report = await desk.index({"a.txt": TEXTS["a.txt"]})
    assert (report.removed, report.unchanged) == (2, 1)
    assert (await desk.texts()).keys() == {"a.txt"}
    assert {record.path for record in desk.records.kept["alloy"].values()} == {"a.txt"}


async def test_a_file_that_fails_is_recorded_with_its_reason_and_the_rest_goes_on(
    desk: IndexingDesk,
) -> None:
    report = await desk.index({**TEXTS, "empty.txt": ""})
    message = ParseFailed("empty_file").message
    assert report.failures == [FileFailure(path="empty.txt", code="empty_file", message=message)]
    assert report.done == 4
    record = await desk.record("empty.txt")
    assert (record.status, record.failure_code, record.passages) == ("failed", "empty_file", 0)
    assert (await desk.texts()).keys() == TEXTS.keys()


async def test_a_file_that_fails_now_loses_its_old_passages(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    await desk.index({**TEXTS, "b.txt": ""})
    assert (await desk.texts()).keys() == {"README.md", "a.txt"}


async def test_a_failed_file_is_tried_again_when_it_changes_or_on_request(
    desk: IndexingDesk,
) -> None:
    await desk.index({"b.txt": ""})
    assert (await desk.index({"b.txt": ""})).todo == 0
    assert (await desk.index({"b.txt": ""}, retry_failed=True)).todo == 1
    assert (await desk.index({"b.txt": "now with text"})).failures == []


async def test_a_model_that_is_down_stops_the_run_and_the_next_one_completes_it(
    desk: IndexingDesk,
) -> None:
    desk.embedder.down_after = 1
    with pytest.raises(ServiceUnreachable):
        await desk.index(TEXTS)
    assert len(await desk.texts()) == 1
    desk.embedder.down_after = float("inf")
    report = await desk.index(TEXTS)
    assert (report.todo, report.unchanged, report.failures) == (2, 1, [])
    assert (await desk.texts()).keys() == TEXTS.keys()


async def test_a_model_that_is_down_takes_nothing_from_a_changed_file(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    desk.embedder.down_after = 0
    with pytest.raises(ServiceUnreachable):
        await desk.index({**TEXTS, "b.txt": "changed"})
    assert (await desk.texts())["b.txt"] == [TEXTS["b.txt"]]


async def test_a_source_that_is_gone_takes_nothing_from_the_index(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    gone = FolderSource(project_id="alloy", title="Alloy", root=desk.root / "unmounted")
    with pytest.raises(SourceMissing):
        await desk.indexer.index(gone)
    assert (await desk.texts()).keys() == TEXTS.keys()


async def test_an_index_that_was_deleted_is_filled_anew(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    await desk.store.delete_project("alloy")
    report = await desk.index(TEXTS)
    assert (report.todo, report.unchanged) == (3, 0)
    assert (await desk.texts()).keys() == TEXTS.keys()


async def test_records_that_were_lost_are_written_anew(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    held = await desk.texts()
    desk.records.kept.clear()
    await desk.index(TEXTS)
    assert await desk.texts() == held


async def test_a_file_marked_as_interrupted_is_made_again(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    record = replace(await desk.record("b.txt"), status="failed", failure_code=INTERRUPTED)
    await desk.records.save("alloy", record)
    assert (await desk.index(TEXTS)).todo == 1
    assert (await desk.record("b.txt")).status == "indexed"


@pytest.mark.parametrize("found", [OTHER_TEXTS, TEXTS], ids=["as it was", "changed back"])
async def test_wherever_a_run_stops_the_next_one_follows_what_it_finds(
    stoppable: IndexingDesk, found: dict[str, str]
) -> None:
    """Before each of a run's writes in turn; the counts of passages cannot tell old from new."""
    writes, stopped = 0, True
    while stopped:
        await stoppable.index(TEXTS)
        stopped = await stoppable.is_stopped(OTHER_TEXTS, after=writes)
        assert (await stoppable.index(found)).failures == []
        assert await stoppable.texts() == {name: [text] for name, text in found.items()}
        writes += 1
    assert writes > 10


async def test_a_deletion_that_was_cut_short_leaves_one_file_to_repeat(
    stoppable: IndexingDesk,
) -> None:
    await stoppable.index(TEXTS)
    less = {name: text for name, text in TEXTS.items() if name != "b.txt"}
    assert await stoppable.is_stopped(less, after=2)
    report = await stoppable.index(TEXTS)
    assert (report.todo, report.unchanged) == (1, 2)
    assert (await stoppable.texts()).keys() == TEXTS.keys()


async def test_a_project_that_is_forgotten_leaves_nothing(desk: IndexingDesk) -> None:
    await desk.index(TEXTS)
    await desk.indexer.forget("alloy")
    assert await desk.store.count(access=whole_project("alloy")) == 0
    assert await desk.records.load("alloy") == {}
    await desk.indexer.forget("alloy")
    assert (await desk.index(TEXTS)).done == 3


async def test_a_cancelled_run_is_completed_by_the_next_one(desk: IndexingDesk) -> None:
    async def cancel(report: IndexReport) -> None:
        if report.done == 1:
            running.cancel()

    source = write_project(desk.root, TEXTS)
    running = asyncio.create_task(desk.indexer.index(source, cancel))
    with pytest.raises(asyncio.CancelledError):
        await running
    report = await desk.index(TEXTS)
    assert (report.todo, report.unchanged, report.failures) == (2, 1, [])
    assert (await desk.texts()).keys() == TEXTS.keys()


async def test_the_report_is_told_as_it_grows(desk: IndexingDesk) -> None:
    told: list[IndexReport] = []

    async def listen(report: IndexReport) -> None:
        told.append(report)

    final = await desk.indexer.index(write_project(desk.root, TEXTS), listen)
    assert told[-1] == final
    assert [each.stage for each in told] == sorted(
        (each.stage for each in told), key=["listing", "indexing", "done"].index
    )
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert {each.current for each in told} == {None, *TEXTS}
    assert {each.current_project for each in told[:-1]} == {"alloy"}
    assert [each.done for each in told if each.eta_s is not None and each.eta_s > 0] != []
    assert (final.current_project, final.eta_s) == (None, None)


class _Moving(FolderSource):
    """A folder whose files are changed after they were listed, and changed back later."""

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        path = self.root / file.path
        before = path.read_bytes()
        path.write_bytes(b"being written")
        try:
            return await super().fetch(file, folder)
        finally:
            path.write_bytes(before)


async def test_a_file_that_changed_under_way_is_tried_again_in_the_next_run(
    desk: IndexingDesk,
) -> None:
    still = write_project(desk.root, TEXTS)
    moving = _Moving(project_id="alloy", title="Alloy", root=desk.root)
    report = await desk.indexer.index(moving)
    assert {failure.code for failure in report.failures} == {"file_changed"}
    assert (await desk.indexer.index(still)).failures == []


async def test_two_projects_do_not_touch_each_other(desk: IndexingDesk, tmp_path: Path) -> None:
    await desk.index(TEXTS)
    other = replace(write_project(tmp_path / "other", {"a.txt": "अग्नि"}), project_id="veda")
    await desk.indexer.index(other)
    await desk.index({})
    assert await desk.store.count(access=whole_project("alloy")) == 0
    assert await desk.store.count(access=whole_project("veda")) == 1


async def test_the_same_project_gives_the_same_index_anywhere(
    desk: IndexingDesk, tmp_path: Path
) -> None:
    """Through the real parser: ids, vectors and payload depend on the files alone."""
    held: list[dict[str, Any]] = []
    for name in ("one", "two"):
        store = await open_store(tmp_path / name)
        async with IsolatedParser() as parser:
            indexer = replace(desk.indexer, store=store, parser=parser, records=MemoryRecords())
            await indexer.index(write_project(tmp_path / f"project {name}", TEXTS))
        await store.close()
        held.append(contents(tmp_path / name))
    assert held[0] == held[1]
    assert len(held[0]) >= len(TEXTS)


@dataclass(kw_only=True)
class _Slow(MemorySource):
    """A source that hands out files only to who asks for five at once."""

    all_asked: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(5))

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        async with asyncio.timeout(10):
            await self.all_asked.wait()
        return await super().fetch(file, folder)


async def test_files_are_fetched_several_at_a_time_and_put_in_in_order(desk: IndexingDesk) -> None:
    texts = {f"{number}.txt": f"試料{number}" for number in range(10)}
    report = await desk.sync(_Slow(texts=texts))
    assert (report.done, report.failed) == (10, 0)
    assert list(desk.records.kept["alloy"]) == [file.file_id for file in await _files(texts)]


async def _files(texts: dict[str, str]) -> list[SourceFile]:
    return list((await MemorySource(texts=texts).list_files()).files)
