"""One generation filled from another: it becomes what a fresh index by its model would be."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.access import whole_project
from rag.indexer import Indexer
from rag.ports import FileRecord
from rag.problems import PassageTooLong, ProjectUnknown
from rag.reembedder import Generation, Reembedder
from rag.reembedding import ReembeddingProgress
from rag.reembedding_trial import Trial
from rag.store.edge import EdgeStore
from rag.store.lock import FolderLock
from rag.sync import INTERRUPTED
from tests.rag.indexing import MemorySource, PlainTextParser, contents
from tests.rag.shelves import MemoryRecords

OLD, NEW = HashEmbedder(64), HashEmbedder(32)
TEXTS = {f"{number}.txt": f"試料 {number}: {90 + number} HV." for number in range(7)}
TEXTS["long.txt"] = "時効は170 °Cで16時間。" * 120
ALLOY = ["alloy"]
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two generations of one folder, of which the first has an indexer."""

    folder: Path
    source: MemorySource
    old: Indexer
    new: Indexer
    told: list[ReembeddingProgress] = field(default_factory=list[ReembeddingProgress])

    @property
    def reembedder(self) -> Reembedder:
        return Reembedder(source=_generation(self.old), target=_generation(self.new))

    async def check(self) -> None:
        await self.reembedder.check(ALLOY, self._tell)

    async def catch_up(self) -> int:
        return await self.reembedder.catch_up(ALLOY, self._tell)

    async def records(self, indexer: Indexer) -> dict[str, FileRecord]:
        found = await indexer.records.load("alloy")
        return {key: replace(each, indexed_at=_SOME_TIME) for key, each in found.items()}

    async def held(self, indexer: Indexer) -> int:
        return await indexer.store.count(access=whole_project("alloy"))

    async def _tell(self, progress: ReembeddingProgress) -> None:
        self.told.append(progress)


def _generation(indexer: Indexer) -> Generation:
    assert isinstance(indexer.records, MemoryRecords)
    return Generation(
        embedder=indexer.embedder,
        store=indexer.store,
        records=indexer.records,
        fingerprint=indexer.fingerprint,
    )


@asynccontextmanager
async def _open_pair(folder: Path, new: HashEmbedder = NEW) -> AsyncGenerator[_Pair]:
    folder.mkdir()  # noqa: ASYNC240 - an empty folder
    lock = FolderLock(folder)
    old_store = await _open(folder, OLD, lock)
    new_store = await _open(folder, new, lock)
    parser = PlainTextParser()
    yield _Pair(
        folder=folder,
        source=MemorySource(texts=dict(TEXTS)),
        old=Indexer(store=old_store, embedder=OLD, parser=parser, records=MemoryRecords()),
        new=Indexer(store=new_store, embedder=new, parser=parser, records=MemoryRecords()),
    )
    await old_store.close()
    await new_store.close()
    lock.release()


async def _open(folder: Path, model: HashEmbedder, lock: FolderLock) -> EdgeStore:
    return await EdgeStore.open(
        folder, model=model.model, dimensions=model.dimensions, lock=lock.share()
    )


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncGenerator[_Pair]:
    async with _open_pair(tmp_path / "store") as opened:
        await opened.old.index(opened.source)
        yield opened


async def _fresh(folder: Path, texts: dict[str, str]) -> tuple[object, dict[str, FileRecord]]:
    """Return what a fresh index by the next model holds."""
    async with _open_pair(folder) as opened:
        await opened.new.index(MemorySource(texts=texts))
        records = await opened.records(opened.new)
    return contents(folder, NEW.model), records


async def test_what_it_fills_is_what_a_fresh_index_would_be(tmp_path: Path) -> None:
    expected, records = await _fresh(tmp_path / "fresh", TEXTS)
    async with _open_pair(tmp_path / "store") as pair:
        await pair.old.index(pair.source)
        assert await pair.catch_up() == len(TEXTS)
        assert await pair.records(pair.new) == records
    assert contents(tmp_path / "store", NEW.model) == expected


async def test_what_syncs_do_meanwhile_is_caught_up_with(tmp_path: Path) -> None:
    async with _open_pair(tmp_path / "store") as pair:
        await pair.old.index(pair.source)
        await pair.catch_up()
        pair.source.texts |= {"0.txt": "changed", "new.txt": "added"}
        pair.source.texts["moved.txt"] = pair.source.texts.pop("1.txt")
        del pair.source.texts["2.txt"]
        await pair.old.index(pair.source)
        await pair.catch_up()
        found = await pair.records(pair.new)
    expected, records = await _fresh(tmp_path / "fresh", pair.source.texts)
    assert (contents(tmp_path / "store", NEW.model), found) == (expected, records)


async def test_once_it_has_caught_up_nothing_is_touched(pair: _Pair) -> None:
    await pair.catch_up()
    assert await pair.catch_up() == 0
    assert pair.told[-1].passages == pair.told[-1].passages_total == await pair.held(pair.old)


async def test_a_sync_after_the_switch_reads_nothing_again(pair: _Pair) -> None:
    await pair.catch_up()
    report = await pair.new.index(pair.source)
    assert (report.unchanged, report.todo) == (len(TEXTS), 0)


async def test_progress_is_told_in_numbers_that_grow_to_the_whole(pair: _Pair) -> None:
    await pair.catch_up()
    numbers = [each.passages for each in pair.told]
    assert numbers == sorted(numbers)
    assert {each.files_total for each in pair.told} == {len(TEXTS)}
    assert pair.told[-1].files == len(TEXTS)


async def test_a_passage_that_is_too_long_is_told_before_anything_is_written(
    tmp_path: Path,
) -> None:
    async with _open_pair(tmp_path / "store", HashEmbedder(32, max_tokens=16)) as pair:
        await pair.old.index(pair.source)
        with pytest.raises(PassageTooLong, match=r"alloy/long.txt has \d+ tokens.*reads 16"):
            await pair.check()
        assert await pair.records(pair.new) == {}


async def test_passages_that_the_next_model_can_read_pass_the_check(pair: _Pair) -> None:
    await pair.check()
    assert pair.told[-1].files == len(TEXTS)
    assert await pair.held(pair.new) == 0


async def test_a_target_that_lost_passages_is_filled_anew(pair: _Pair) -> None:
    await pair.catch_up()
    file_id = min(await pair.new.records.load("alloy"))
    await pair.new.store.delete_file("alloy", file_id)
    assert await pair.catch_up() == len(TEXTS)
    assert await pair.new.is_settled("alloy")


async def test_what_a_sync_left_half_done_is_taken_as_it_lies_and_marked(pair: _Pair) -> None:
    file_id, record = next(iter((await pair.old.records.load("alloy")).items()))
    cut_off = replace(record, status="failed", passages=0, fingerprint="", failure_code=INTERRUPTED)
    await pair.old.records.save("alloy", cut_off)
    await pair.catch_up()
    assert (await pair.new.records.load("alloy"))[file_id] == cut_off
    assert await pair.held(pair.new) == await pair.held(pair.old)
    report = await pair.new.index(pair.source)
    assert (report.todo, report.done) == (1, 1)


class _Removed(MemoryRecords):
    """The records of a project that is removed while it is copied."""

    async def save(self, project_id: str, *records: FileRecord) -> None:
        if all(record.failure_code != INTERRUPTED for record in records):
            raise ProjectUnknown(project_id)


async def test_of_a_project_that_is_removed_meanwhile_nothing_stays(pair: _Pair) -> None:
    removed = replace(pair, new=replace(pair.new, records=_Removed()))
    await removed.catch_up()
    assert await pair.held(pair.new) == 0


class _ForgetfulEmbedder(HashEmbedder):
    """Embeds queries as nothing that it has embedded."""

    async def embed_query(self, text: str) -> Embedding:
        return await super().embed_query(f"{len(text)}")


def _trial(pair: _Pair, embedder: HashEmbedder = NEW) -> Trial:
    reembedder = pair.reembedder
    return Trial(source=reembedder.source, target=replace(reembedder.target, embedder=embedder))


async def test_a_collection_that_was_filled_stands_the_trial(pair: _Pair) -> None:
    await pair.catch_up()
    found = await _trial(pair).run(ALLOY, syncs_rest=True)
    assert (found.is_passed, found.differing) == (True, [])
    assert (found.passages, found.asked, found.found) == (await pair.held(pair.old), 3, 3)


async def test_one_that_does_not_find_what_it_holds_fails_it(pair: _Pair) -> None:
    for number in range(30):
        pair.source.texts[f"more {number}.txt"] = f"Sample {number} is as hard as any other."
    await pair.old.index(pair.source)
    await pair.catch_up()
    found = await _trial(pair, _ForgetfulEmbedder(32)).run(ALLOY, syncs_rest=True)
    assert (found.is_passed, found.differing) == (False, [])


async def test_one_that_is_behind_fails_it_only_where_syncs_rest(pair: _Pair) -> None:
    await pair.catch_up()
    pair.source.texts["new.txt"] = "added"
    await pair.old.index(pair.source)
    assert (await _trial(pair).run(ALLOY, syncs_rest=False)).is_passed
    [differing] = (await _trial(pair).run(ALLOY, syncs_rest=True)).differing
    assert differing.source == differing.target + 1


async def test_one_that_lost_a_passage_fails_it(pair: _Pair) -> None:
    await pair.catch_up()
    await pair.new.store.delete_file("alloy", min(await pair.new.records.load("alloy")))
    [differing] = (await _trial(pair).run(ALLOY, syncs_rest=False)).differing
    assert differing.recorded == differing.target + 1


async def test_of_a_file_that_was_cut_off_any_number_is_right(pair: _Pair) -> None:
    record = min((await pair.old.records.load("alloy")).values(), key=lambda each: each.path)
    cut_off = replace(record, status="failed", passages=0, failure_code=INTERRUPTED)
    await pair.old.records.save("alloy", cut_off)
    await pair.catch_up()
    assert (await _trial(pair).run(ALLOY, syncs_rest=True)).differing == []
