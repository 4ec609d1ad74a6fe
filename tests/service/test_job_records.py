"""Jobs in both databases: each is begun by one worker at a time, and none is lost."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from agents.sources import JobInfo
from contracts.problems import ServiceUnreachable
from rag.models import FileFailure, IndexReport
from rag.problems import ProjectUnknown
from service.problems import ProjectBusy
from service.records.database import Database
from service.records.jobs import JobRecords
from service.records.models import JobRow
from service.records.projects import ProjectRecord
from service.records.sources import SourceRecords

REPORT = IndexReport(
    project_id="p1",
    stage="done",
    failures=[FileFailure(path="壊れた.pdf", code="encrypted", message="…")],
)


@pytest.fixture
async def jobs(database: Database) -> JobRecords:
    for number in range(6):
        await SourceRecords(database).add(
            ProjectRecord(
                project_id=f"p{number}",
                title="",
                location=f"/p{number}",
                created_by="me",
                created_at=datetime.now(UTC),
            )
        )
    return JobRecords(database)


async def _begun(jobs: JobRecords, project_id: str, *, by: str) -> JobInfo:
    await jobs.enqueue(project_id, created_by="me")
    begun = await jobs.claim(by, project_id=project_id)
    assert begun is not None
    return begun


async def _end_lease(jobs: JobRecords, job_id: str) -> None:
    ended = datetime.now(UTC) - timedelta(seconds=1)
    async with jobs.database.write() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(lease_until=ended))


async def test_a_job_that_waits_is_given_back_instead_of_a_second_one(jobs: JobRecords) -> None:
    asked = await asyncio.gather(*(jobs.enqueue("p1", created_by="me") for _ in range(8)))
    assert len({job.job_id for job in asked}) == 1
    assert [job.status for job in await jobs.latest("p1", limit=9)] == ["queued"]


async def test_while_a_job_runs_another_one_may_wait(jobs: JobRecords) -> None:
    running = await _begun(jobs, "p1", by="a")
    waiting = await jobs.enqueue("p1", created_by="me")
    assert waiting.job_id != running.job_id
    assert [job.status for job in await jobs.latest("p1", limit=9)] == ["queued", "running"]


async def test_a_job_needs_a_project(jobs: JobRecords) -> None:
    with pytest.raises(ProjectUnknown):
        await jobs.enqueue("nowhere", created_by="me")


async def test_each_job_is_begun_once_however_many_workers_ask(jobs: JobRecords) -> None:
    for number in range(6):
        await jobs.enqueue(f"p{number}", created_by="me")
    begun: Counter[str] = Counter()
    while claimed := [
        job
        for job in await asyncio.gather(*(jobs.claim(f"w{number}") for number in range(12)))
        if job is not None
    ]:
        begun.update(job.job_id for job in claimed)
    assert sorted(begun.values()) == [1] * 6


async def test_the_oldest_job_begins_first(jobs: JobRecords) -> None:
    queued = [await jobs.enqueue(f"p{number}", created_by="me") for number in (3, 1, 2)]
    begun = [await jobs.claim("a") for _ in queued]
    assert [job.job_id for job in begun if job] == [job.job_id for job in queued]


async def test_two_jobs_of_a_project_never_run_at_once(jobs: JobRecords) -> None:
    first = await jobs.enqueue("p1", created_by="me")
    async with jobs.database.write() as session:
        session.add(
            JobRow(
                id="a-second-one",
                project_id="p1",
                kind="index",
                status="queued",
                created_by="me",
                attempt=0,
                cancel_requested=False,
                created_at=first.created_at + timedelta(seconds=1),
            )
        )
    claimed = await asyncio.gather(*(jobs.claim(f"w{number}") for number in range(6)))
    assert sum(job is not None for job in claimed) == 1
    assert await jobs.claim("late") is None


async def test_a_job_that_waits_for_its_project_does_not_hold_up_others(jobs: JobRecords) -> None:
    await _begun(jobs, "p1", by="a")
    await jobs.enqueue("p1", created_by="me")
    other = await jobs.enqueue("p2", created_by="me")
    begun = await jobs.claim("b")
    assert begun is not None
    assert begun.job_id == other.job_id


async def test_a_job_whose_worker_died_is_begun_again(jobs: JobRecords) -> None:
    begun = await _begun(jobs, "p1", by="dead")
    assert await jobs.claim("b") is None
    await _end_lease(jobs, begun.job_id)
    again = await jobs.claim("b")
    assert again is not None
    assert (again.job_id, again.attempt, again.status) == (begun.job_id, 2, "running")


async def test_a_worker_that_lost_its_lease_writes_nothing_more(jobs: JobRecords) -> None:
    begun = await _begun(jobs, "p1", by="slow")
    await _end_lease(jobs, begun.job_id)
    await jobs.claim("b")
    assert await jobs.renew(begun.job_id, "slow", REPORT) == "lost"
    assert not await jobs.finish(begun.job_id, "slow", report=REPORT, error=None)
    assert not await jobs.release(begun.job_id, "slow")
    assert await jobs.find(begun.job_id) == begun.model_copy(update={"attempt": 2})


async def test_a_lease_that_is_renewed_does_not_end(jobs: JobRecords) -> None:
    begun = await _begun(jobs, "p1", by="a")
    await _end_lease(jobs, begun.job_id)
    assert await jobs.renew(begun.job_id, "a", REPORT) == "held"
    assert await jobs.claim("b") is None
    kept = await jobs.find(begun.job_id)
    assert kept is not None
    assert kept.report == REPORT


async def test_what_became_of_a_job_is_kept(jobs: JobRecords) -> None:
    error = ServiceUnreachable("The model", reason="timeout").body()
    done, failed = await _begun(jobs, "p1", by="a"), await _begun(jobs, "p2", by="a")
    assert await jobs.finish(done.job_id, "a", report=REPORT, error=None)
    assert await jobs.finish(failed.job_id, "a", report=None, error=error)
    ended = [await jobs.find(job.job_id) for job in (done, failed)]
    assert [(job.status, job.report, job.error) for job in ended if job] == [
        ("done", REPORT, None),
        ("failed", None, error),
    ]
    assert all(job is not None and job.has_ended and job.finished_at for job in ended)
    assert await jobs.claim("b") is None


async def test_a_released_job_waits_again(jobs: JobRecords) -> None:
    begun = await _begun(jobs, "p1", by="a")
    assert await jobs.release(begun.job_id, "a")
    again = await jobs.claim("b")
    assert again is not None
    assert again.job_id == begun.job_id


async def test_whose_job_is_cancelled_learns_it_with_its_lease(jobs: JobRecords) -> None:
    begun = await _begun(jobs, "p1", by="a")
    asked = await jobs.cancel(begun.job_id)
    assert asked is not None
    assert (asked.status, asked.cancel_requested) == ("running", True)
    assert await jobs.renew(begun.job_id, "a", REPORT) == "cancelled"
    assert await jobs.finish(begun.job_id, "a", report=REPORT, cancelled=True)
    ended = await jobs.find(begun.job_id)
    assert ended is not None
    assert (ended.status, ended.report, ended.error) == ("cancelled", REPORT, None)


async def test_a_cancelled_job_that_waits_never_begins(jobs: JobRecords) -> None:
    job = await jobs.enqueue("p1", created_by="me")
    await jobs.cancel(job.job_id)
    assert await jobs.claim("a") is None
    assert (await jobs.enqueue("p1", created_by="me")).job_id != job.job_id


async def test_who_asks_anew_is_not_given_a_job_that_is_about_to_be_cancelled(
    jobs: JobRecords,
) -> None:
    begun = await _begun(jobs, "p1", by="a")
    await jobs.cancel(begun.job_id)
    await jobs.release(begun.job_id, "a")
    assert (await jobs.enqueue("p1", created_by="me")).job_id != begun.job_id


async def test_there_is_no_job_to_cancel(jobs: JobRecords) -> None:
    assert await jobs.cancel("none") is None


async def test_all_running_jobs_are_released_at_once(jobs: JobRecords) -> None:
    for number in (1, 2):
        await _begun(jobs, f"p{number}", by="dead")
    await jobs.release_all()
    assert await jobs.count_by_status() == {
        "queued": 2,
        "running": 0,
        "done": 0,
        "failed": 0,
        "cancelled": 0,
    }


async def test_jobs_go_with_their_project(jobs: JobRecords) -> None:
    job = await jobs.enqueue("p1", created_by="me")
    await SourceRecords(jobs.database).remove("p1")
    assert await jobs.find(job.job_id) is None
    assert await jobs.claim("a") is None


async def test_a_job_that_begins_while_its_project_is_removed_keeps_it(jobs: JobRecords) -> None:
    sources = SourceRecords(jobs.database)
    for number in range(6):
        await jobs.enqueue(f"p{number}", created_by="me")
    outcomes = await asyncio.gather(
        *(jobs.claim(f"w{number}") for number in range(6)),
        *(sources.remove(f"p{number}") for number in range(6)),
        return_exceptions=True,
    )
    begun = {job.project_id for job in outcomes if isinstance(job, JobInfo)}
    refused = sum(isinstance(outcome, ProjectBusy) for outcome in outcomes)
    assert {source.project_id for source in await sources.list_all()} == begun
    assert refused == len(begun)
