"""Indexing as a job: told as it goes, ended visibly, taken up again after a stop."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text, update

from agents.sources import JobInfo
from rag.indexer import Indexer
from rag.models import IndexReport
from rag.parsing.document import ParsedDocument
from service.jobs import Jobs, SyncOfSource
from service.problems import JobUnknown
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.jobs import JobRecords, Lease
from service.records.models import JobRow
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from tests.rag.indexing import FlakyEmbedder, PlainTextParser, open_store
from tests.service.folder_syncs import FolderSyncs


@dataclass
class _GatedParser(PlainTextParser):
    """Reads files when it is let; can be told to have a bug."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    bug: Exception | None = None

    async def parse(self, path: Path, name: str) -> ParsedDocument:
        self.reached.set()
        await self.gate.wait()
        if self.bug is not None:
            raise self.bug
        return await super().parse(path, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    jobs: Jobs
    parser: _GatedParser
    folder: Path
    database: Database

    @property
    def projects(self) -> ProjectRecords:
        return ProjectRecords(self.database)

    async def add(self, project_id: str, folder: Path) -> None:
        await SourceRecords(self.database).add(_project(project_id, folder))

    def another_process(self) -> Jobs:
        """The same database, store and parser; what the first one knows is not shared."""
        return _jobs(self.jobs.records, self.jobs.syncs)


def _jobs(records: JobRecords, syncs: SyncOfSource) -> Jobs:
    return Jobs(records=records, syncs=syncs, look_every_s=0.02, renew_every_s=0.02)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[_Shop]:
    folder = tmp_path / "alloy"
    folder.mkdir()
    (folder / "a.txt").write_text("solution treatment at 415 degrees", encoding="utf-8")
    parser = _GatedParser()
    parser.gate.set()
    store = await open_store(tmp_path / "store")
    async with open_database(f"sqlite:///{tmp_path / 'records.db'}") as database:
        await SourceRecords(database).add(_project("alloy", folder))
        indexer = Indexer(
            store=store,
            embedder=FlakyEmbedder(),
            parser=parser,
            records=DatabaseIndexRecords(database, "docs"),
        )
        syncs = FolderSyncs(projects=ProjectRecords(database), indexer=indexer)
        jobs = _jobs(JobRecords(database), syncs)
        yield _Shop(jobs=jobs, parser=parser, folder=folder, database=database)
    await store.close()


def _project(project_id: str, folder: Path) -> ProjectRecord:
    return ProjectRecord(
        project_id=project_id,
        title=project_id,
        location=str(folder),
        created_by="me",
        created_at=datetime.now(UTC),
    )


async def _watched(jobs: Jobs, job_id: str) -> list[JobInfo]:
    return [job async for job in jobs.watch(job_id)]


async def test_a_job_tells_how_far_it_is_and_ends(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        news = await _watched(shop.jobs, job.job_id)
    assert news[-1].status == "done"
    assert {each.status for each in news[:-1]} <= {"queued", "running"}
    assert news[-1].report is not None
    assert (news[-1].report.stage, news[-1].report.done) == ("done", 1)


async def test_a_running_job_shows_its_newest_report(shop: _Shop) -> None:
    shop.parser.gate.clear()
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        await shop.parser.reached.wait()
        found, listed = await shop.jobs.find(job.job_id), await shop.jobs.latest("alloy", limit=1)
        shop.parser.gate.set()
        await _watched(shop.jobs, job.job_id)
    assert found.report is not None
    assert (found.report.stage, found.report.todo, found.report.done) == ("indexing", 1, 0)
    assert listed == [found]


async def test_another_process_sees_the_job_too(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        assert (await _watched(shop.another_process(), job.job_id))[-1].status == "done"


async def test_what_a_project_cannot_do_is_the_jobs_error(shop: _Shop, tmp_path: Path) -> None:
    await shop.add("gone", tmp_path / "gone")
    failing = await shop.jobs.start("gone", created_by="me")
    following = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        failed = (await _watched(shop.jobs, failing.job_id))[-1]
        done = (await _watched(shop.jobs, following.job_id))[-1]
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "source_missing")
    assert done.status == "done"


async def test_a_bug_fails_the_job_and_not_the_worker(
    shop: _Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shop.parser.bug = KeyError("秘密の組成")
    async with shop.jobs.working():
        failed = await shop.jobs.start("alloy", created_by="me")
        error = (await _watched(shop.jobs, failed.job_id))[-1].error
        shop.parser.bug = None
        again = await shop.jobs.start("alloy", created_by="me")
        assert (await _watched(shop.jobs, again.job_id))[-1].status == "done"
    assert error is not None
    assert error.code == "job_failed"
    assert "KeyError" in caplog.text
    assert "秘密" not in caplog.text


async def test_a_stop_leaves_the_job_to_the_next_start(shop: _Shop) -> None:
    shop.parser.gate.clear()
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        await shop.parser.reached.wait()
    assert (await shop.jobs.find(job.job_id)).status == "queued"
    shop.parser.gate.set()
    restarted = shop.another_process()
    async with restarted.working():
        ended = (await _watched(restarted, job.job_id))[-1]
    assert (ended.status, ended.attempt) == ("done", 2)


async def test_a_job_whose_lease_is_lost_is_left_to_its_new_owner(shop: _Shop) -> None:
    shop.parser.gate.clear()
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        await shop.parser.reached.wait()
        async with shop.database.write() as session:
            stolen = update(JobRow).where(JobRow.id == job.job_id).values(lease_owner="thief")
            await session.execute(stolen)
        await _idle(shop)
        shop.parser.gate.set()
    left = await shop.jobs.find(job.job_id)
    assert left.status == "running"
    assert await shop.jobs.records.renew(job.job_id, "thief", None) == "held"


async def _idle(shop: _Shop) -> None:
    """Wait until the worker has begun something else, which it does when it is free."""
    await shop.add("next", Path("/no/such/folder"))
    following = await shop.jobs.start("next", created_by="me")
    await _watched(shop.jobs, following.job_id)


async def test_the_worker_outlives_a_database_that_is_away(
    shop: _Shop, caplog: pytest.LogCaptureFixture
) -> None:
    async with shop.jobs.working():
        await _rename(shop.database, "jobs", "away")
        while "the worker was cut off" not in caplog.text:  # noqa: ASYNC110 - a log is no event
            await asyncio.sleep(0.01)
        await _rename(shop.database, "away", "jobs")
        job = await shop.jobs.start("alloy", created_by="me")
        assert (await _watched(shop.jobs, job.job_id))[-1].status == "done"


async def test_a_lease_that_cannot_be_held_is_logged_and_its_job_begins_again(
    shop: _Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.parser.gate.clear()
    failing = replace(shop.jobs, records=_FailingLeases(shop.database))
    job = await failing.start("alloy", created_by="me")
    async with failing.working():
        while "KeyError" not in caplog.text:  # noqa: ASYNC110 - a log is no event
            await asyncio.sleep(0.01)
    await shop.jobs.records.release_all()
    shop.parser.gate.set()
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.find(job.job_id)).status == "done"


class _FailingLeases(JobRecords):
    """Has a bug where leases are renewed."""

    async def renew(self, job_id: str, owner: str, report: IndexReport | None) -> Lease:
        raise KeyError(job_id, owner, report)


async def _rename(database: Database, table: str, name: str) -> None:
    async with database.write() as session:
        await session.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_a_command_can_run_its_job_itself(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.find(job.job_id)).status == "done"
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.find(job.job_id)).attempt == 1


async def test_a_command_waits_while_its_project_is_indexed_elsewhere(shop: _Shop) -> None:
    shop.parser.gate.clear()
    first = await shop.jobs.start("alloy", created_by="me")
    elsewhere = shop.another_process()
    async with elsewhere.working():
        await shop.parser.reached.wait()
        second = await shop.jobs.start("alloy", created_by="me")
        waiting = asyncio.create_task(shop.jobs.run(second.job_id))
        await asyncio.sleep(0.1)
        assert (await shop.jobs.find(second.job_id)).status == "queued"
        shop.parser.gate.set()
        await waiting
    ended = [await shop.jobs.find(job.job_id) for job in (first, second)]
    assert [job.status for job in ended] == ["done", "done"]


async def test_a_command_goes_on_where_a_killed_one_left_its_project(shop: _Shop) -> None:
    killed = await shop.jobs.start("alloy", created_by="me")
    await shop.jobs.records.claim("killed")
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.database.write() as session:
        await session.execute(update(JobRow).values(lease_until=datetime.now(UTC)))
    async with asyncio.timeout(20):  # it waited for ever
        await shop.jobs.run(job.job_id)
    ended = [await shop.jobs.find(each.job_id) for each in (killed, job)]
    assert [(each.status, each.attempt) for each in ended] == [("done", 2), ("done", 1)]


async def test_a_cancelled_job_stops_in_the_middle_of_a_file(shop: _Shop) -> None:
    shop.parser.gate.clear()
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        await shop.parser.reached.wait()
        asked = await shop.jobs.cancel(job.job_id)
        ended = (await _watched(shop.jobs, job.job_id))[-1]
    assert asked.cancel_requested
    assert (ended.status, ended.error) == ("cancelled", None)
    assert ended.report is not None
    assert (ended.report.todo, ended.report.done) == (1, 0)


async def test_a_job_is_cancelled_from_another_process_and_the_next_one_goes_on(
    shop: _Shop,
) -> None:
    shop.parser.gate.clear()
    job = await shop.jobs.start("alloy", created_by="me")
    async with shop.jobs.working():
        await shop.parser.reached.wait()
        await shop.another_process().cancel(job.job_id)
        assert (await _watched(shop.jobs, job.job_id))[-1].status == "cancelled"
        shop.parser.gate.set()
        again = await shop.jobs.start("alloy", created_by="me")
        ended = (await _watched(shop.jobs, again.job_id))[-1]
    assert ended.report is not None
    assert (ended.status, ended.report.done) == ("done", 1)


async def test_a_job_that_waits_is_cancelled_at_once(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    assert (await shop.jobs.cancel(job.job_id)).status == "cancelled"
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.find(job.job_id)).attempt == 0


async def test_what_has_ended_stays_as_it_ended(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.cancel(job.job_id)).status == "done"


async def test_a_job_of_a_killed_process_is_cancelled_by_the_next(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    await shop.jobs.records.claim("killed")
    await shop.jobs.cancel(job.job_id)
    async with shop.database.write() as session:
        await session.execute(update(JobRow).values(lease_until=datetime.now(UTC)))
    shop.parser.gate.clear()
    await shop.jobs.run(job.job_id)
    assert (await shop.jobs.find(job.job_id)).status == "cancelled"


async def test_an_unknown_job_cannot_be_cancelled(shop: _Shop) -> None:
    with pytest.raises(JobUnknown):
        await shop.jobs.cancel("none")


async def test_an_unknown_job_cannot_be_watched(shop: _Shop) -> None:
    with pytest.raises(JobUnknown):
        await _watched(shop.jobs, "none")
    with pytest.raises(JobUnknown):
        await shop.jobs.run("none")


async def test_a_job_of_a_removed_project_ends_its_watch(shop: _Shop) -> None:
    job = await shop.jobs.start("alloy", created_by="me")
    watch = shop.jobs.watch(job.job_id)
    assert (await anext(watch)).status == "queued"
    await SourceRecords(shop.database).remove("alloy")
    with pytest.raises(JobUnknown):
        await anext(watch)
