"""The move to another model while searches and syncs go on, and back."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.principal import Principal
from contracts.problems import NotAllowed, ServiceUnreachable
from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.access import whole_project
from rag.models import ReadRequest
from service.generations.active import ActiveIndexer
from service.generations.problems import ActiveModelMissing, NextModelMissing, ReembeddingUnfit
from tests.rag.indexing import contents
from tests.service.reembedding.moving import (
    NEW,
    OLD,
    OPERATOR,
    Installation,
    open_installation,
)

TEXTS = {f"{number}.txt": f"試料 {number}: 時効は170 °Cで{number}時間。" for number in range(12)}


def _write(folder: Path, texts: dict[str, str] = TEXTS) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@asynccontextmanager
async def _indexed(home: Path, files: Path, *models: HashEmbedder) -> AsyncGenerator[Installation]:
    """Open an installation at work, in which the files are indexed."""
    opening = open_installation(home, models=models or (OLD, NEW))
    async with opening as installation, installation.working():
        await installation.add(files)
        await installation.sync()
        yield installation


@pytest.fixture
async def files(tmp_path: Path) -> Path:
    return _write(tmp_path / "files")


@pytest.fixture
async def installation(tmp_path: Path, files: Path) -> AsyncGenerator[Installation]:
    async with _indexed(tmp_path / "home", files) as opened:
        yield opened


async def _models_found(installation: Installation) -> set[str]:
    hits = await installation.search("時効は170 °C")
    assert len(hits) == len(TEXTS)
    return {hit.embedding_model for hit in hits}


async def test_the_former_model_answers_until_the_switch_and_again_after_a_rollback(
    installation: Installation,
) -> None:
    ready = await installation.carry_out("start")
    assert (ready.stage, ready.other_is, ready.error) == ("ready", "next", None)
    assert await _models_found(installation) == {OLD.model}
    switched = await installation.carry_out("switch")
    assert (switched.active.model, switched.other_is) == (NEW.model, "former")
    assert await _models_found(installation) == {NEW.model}
    await installation.carry_out("rollback")
    assert await _models_found(installation) == {OLD.model}


async def test_what_was_verified_is_kept_and_shown(installation: Installation) -> None:
    ready = await installation.carry_out("start")
    assert ready.verification is not None
    assert (ready.verification.passages, ready.verification.differing) == (len(TEXTS), [])
    assert ready.verification.asked == ready.verification.found == 3
    assert ready.progress is not None
    assert ready.progress.passages == ready.progress.passages_total == len(TEXTS)


async def test_after_the_switch_the_collection_is_what_a_fresh_one_would_be(
    tmp_path: Path, files: Path
) -> None:
    async with _indexed(tmp_path / "fresh", files, NEW):
        pass
    async with _indexed(tmp_path / "home", files) as moved:
        await moved.carry_out("start")
        _write(files, {"0.txt": "changed", "new.txt": "added"})
        (files / "1.txt").unlink()
        await moved.sync()
        await moved.carry_out("switch")
        await moved.carry_out("drop")
    async with _indexed(tmp_path / "fresh", files, NEW):
        pass
    expected = contents(tmp_path / "fresh" / "store", NEW.model)
    assert contents(tmp_path / "home" / "store", NEW.model) == expected


async def test_a_passage_that_was_found_before_the_switch_can_be_read_after_it(
    installation: Installation,
) -> None:
    hit = (await installation.search("時効"))[0]
    await installation.carry_out("start")
    await installation.carry_out("switch")
    reading = await installation.library.read(OPERATOR, ReadRequest(passage_id=hit.passage_id))
    assert reading.passages[0].text == hit.text


async def test_a_rollback_brings_what_was_indexed_since_the_switch(
    installation: Installation, files: Path
) -> None:
    await installation.carry_out("start")
    await installation.carry_out("switch")
    _write(files, {"new.txt": "焼入れは水中で行う。"})
    await installation.sync()
    await installation.carry_out("rollback")
    found = (await installation.search("焼入れは水中"))[0]
    assert (found.path, found.embedding_model) == ("new.txt", OLD.model)


async def test_searches_and_syncs_go_on_all_the_while(
    installation: Installation, files: Path
) -> None:
    moving = asyncio.create_task(_move_there_and_back(installation))
    searches = syncs = 0
    while not moving.done():
        hits = await installation.search("時効は170 °C")
        assert len(hits) >= len(TEXTS)
        searches += 1
        if searches % 3 == 0:
            _write(files, {f"more {syncs}.txt": f"時効 {syncs}"})
            await installation.sync()
            syncs += 1
    await moving
    assert syncs > 2
    assert {f"more {number}.txt" for number in range(syncs)} <= {
        hit.path for hit in await installation.search("時効")
    }


async def _move_there_and_back(installation: Installation) -> None:
    for order in ("start", "switch", "rollback", "switch", "drop"):
        state = await installation.carry_out(order)
        assert state.error is None, state


class _GatedEmbedder(HashEmbedder):
    """Embeds documents only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        self.asked.set()
        await self.gate.wait()
        return await super().embed_documents(texts)


async def test_a_sync_that_runs_makes_way_for_the_switch_and_is_begun_again(
    tmp_path: Path, files: Path
) -> None:
    gated = _GatedEmbedder()
    async with _indexed(tmp_path / "home", files, gated, NEW) as installation:
        await installation.carry_out("start")
        _write(files, {f"more {number}.txt": f"焼入れ {number}" for number in range(9)})
        gated.gate.clear()
        gated.asked.clear()
        job = await installation.jobs.start("alloy", created_by="test")
        await gated.asked.wait()  # so that it is under way, and not begun after the switch
        switching = asyncio.create_task(installation.carry_out("switch"))
        await installation.reach("switching")
        gated.gate.set()
        assert (await switching).active.model == NEW.model
        last = [each async for each in installation.jobs.watch(job.job_id)][-1]
        assert (last.status, last.attempt) == ("done", 2)
        found = [hit.path for hit in await installation.search("焼入れ")]
        assert {f"more {number}.txt" for number in range(9)} <= set(found)


async def test_another_process_follows_the_switch(installation: Installation) -> None:
    other = installation.another_process()
    await other.generations.start()
    await installation.carry_out("start")
    await installation.carry_out("switch")
    assert await _models_found(other) == {OLD.model}  # whole, if late
    await other.generations.refresh()
    assert await _models_found(other) == {NEW.model}


async def test_a_sync_of_another_process_writes_to_what_answers(
    installation: Installation, files: Path
) -> None:
    other = installation.another_process()
    await other.generations.start()
    await installation.carry_out("start")
    await installation.carry_out("switch")
    _write(files, {"new.txt": "焼入れは水中で行う。"})
    job = await other.jobs.start("alloy", created_by="test")
    await other.jobs.run(job.job_id)
    assert (await installation.search("焼入れは水中"))[0].path == "new.txt"


async def test_a_project_that_is_removed_leaves_both_collections(
    installation: Installation,
) -> None:
    await installation.carry_out("start")
    active, other = await installation.generations.kept()
    await ActiveIndexer(installation.generations).forget("alloy")
    for each in (active, other):
        assert await each.store.count(access=whole_project("alloy")) == 0


@pytest.mark.parametrize("configured", [(OLD, NEW), (NEW, OLD), (NEW,)])
async def test_after_a_switch_any_order_of_the_settings_starts(
    tmp_path: Path, files: Path, configured: tuple[HashEmbedder, ...]
) -> None:
    async with _indexed(tmp_path / "home", files) as installation:
        await installation.carry_out("start")
        await installation.carry_out("switch")
    async with open_installation(tmp_path / "home", models=configured) as again:
        assert await _models_found(again) == {NEW.model}


async def test_without_the_model_that_answers_nothing_starts(tmp_path: Path, files: Path) -> None:
    async with _indexed(tmp_path / "home", files) as installation:
        await installation.carry_out("start")
        await installation.carry_out("switch")
    with pytest.raises(ActiveModelMissing, match=r"hash-pairs@32.*hash-pairs@64"):
        async with open_installation(tmp_path / "home", models=(OLD,)):
            pass


async def test_a_plain_change_of_the_model_is_filled_by_the_next_sync(
    tmp_path: Path, files: Path
) -> None:
    async with _indexed(tmp_path / "home", files, OLD):
        pass
    async with open_installation(tmp_path / "home", models=(NEW,)) as changed, changed.working():
        assert await changed.search("時効") == []
        await changed.sync()
        assert await _models_found(changed) == {NEW.model}


async def test_what_was_ordered_goes_on_after_a_restart(tmp_path: Path, files: Path) -> None:
    home = tmp_path / "home"
    async with _indexed(home, files):
        pass
    async with open_installation(home) as ordered:
        await ordered.reembedding.order(OPERATOR, "start")
    async with open_installation(home) as again, again.working():
        assert (await again.rest()).stage == "ready"


async def test_what_cannot_go_on_for_want_of_its_model_says_so_and_can_be_dropped(
    tmp_path: Path, files: Path
) -> None:
    home = tmp_path / "home"
    async with _indexed(home, files) as installation:
        await installation.carry_out("start")
    async with open_installation(home, models=(OLD,)) as alone, alone.working():
        with pytest.raises(NextModelMissing, match=NEW.model):
            await alone.carry_out("switch")
        assert (await alone.carry_out("drop")).stage == "idle"
    assert [each.name for each in (home / "store").iterdir() if NEW.model[-2:] in each.name] == []


async def test_a_passage_that_the_next_model_cannot_read_stops_the_start_at_once(
    tmp_path: Path, files: Path
) -> None:
    _write(files, {"long.txt": "時効処理の条件" * 30})
    short = HashEmbedder(32, max_tokens=32)
    async with _indexed(tmp_path / "home", files, OLD, short) as installation:
        stopped = await installation.carry_out("start")
        assert stopped.error is not None
        assert (stopped.stage, stopped.error.code) == ("checking", "passage_too_long")
        assert "alloy/long.txt" in stopped.error.message
        _, target = await installation.generations.kept()
        assert await target.store.count(access=whole_project("alloy")) == 0


class _WeakEmbedder(HashEmbedder):
    """Is down every other time that it is asked for documents."""

    def __init__(self) -> None:
        super().__init__(32)
        self.asked = 0

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        self.asked += 1
        if self.asked % 2:
            raise ServiceUnreachable("The embedding model", reason="it was told to be down")
        return await super().embed_documents(texts)


async def test_a_model_that_is_down_for_a_while_is_asked_again(tmp_path: Path, files: Path) -> None:
    async with _indexed(tmp_path / "home", files, OLD, _WeakEmbedder()) as installation:
        assert (await installation.carry_out("start")).error is None


class _DeafEmbedder(HashEmbedder):
    """Embeds every query as the same one."""

    async def embed_query(self, text: str) -> Embedding:
        return await super().embed_query(f"{len(text) > 0}")


async def test_a_collection_that_finds_nothing_of_its_own_does_not_answer(
    tmp_path: Path, files: Path
) -> None:
    _write(files, {f"en {number}.txt": f"Sample {number} is hard." for number in range(30)})
    async with _indexed(tmp_path / "home", files, OLD, _DeafEmbedder(32)) as installation:
        stopped = await installation.carry_out("start")
        assert stopped.error is not None
        assert (stopped.stage, stopped.error.code) == ("building", "verification_failed")
        with pytest.raises(ReembeddingUnfit):
            await installation.carry_out("switch")


async def test_only_who_administers_may_see_or_order_it(installation: Installation) -> None:
    reader = Principal(id="ito", name="ito", scopes=frozenset({"read", "index"}))
    with pytest.raises(NotAllowed):
        await installation.reembedding.state(reader)
    with pytest.raises(NotAllowed):
        await installation.reembedding.order(reader, "start")
