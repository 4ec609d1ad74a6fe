"""Sources are synced by the clock: each as often as it says, spread out, by one process."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.records.database import Database
from service.records.jobs import JobRecords
from service.records.projects import ProjectRecord
from service.records.sources import SourceRecord, SourceRecords
from service.sources.schedule import NextSync, Schedule, next_sync

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _source(
    *, every_s: float | None = 3600.0, next_sync_at: datetime | None = None
) -> SourceRecord:
    return SourceRecord(project_id="alloy", sync_every_s=every_s, next_sync_at=next_sync_at)


def _next(
    source: SourceRecord, *, default_every_s: float | None = None, chance: float = 0.5
) -> NextSync | None:
    return next_sync(source, default_every_s=default_every_s, now=NOW, chance=chance)


def test_a_source_without_a_schedule_is_left_alone() -> None:
    assert _next(_source(every_s=None)) is None


def test_a_source_without_one_of_its_own_has_the_services() -> None:
    first = _next(_source(every_s=None), default_every_s=3600.0)
    assert first == NextSync(NOW + HOUR / 2, sync_now=False)


def test_a_new_source_waits_for_some_part_of_its_interval() -> None:
    assert _next(_source(), chance=0.25) == NextSync(NOW + HOUR / 4, sync_now=False)


def test_what_is_due_is_synced_and_set_again_with_some_jitter() -> None:
    due = _source(next_sync_at=NOW)
    assert _next(due, chance=0.5) == NextSync(NOW + HOUR * 1.05, sync_now=True)


def test_what_is_not_due_waits() -> None:
    assert _next(_source(next_sync_at=NOW + HOUR / 2)) is None


def test_what_was_missed_while_nothing_ran_is_synced_once() -> None:
    missed = _source(next_sync_at=NOW - 40 * HOUR)
    after = _next(missed)
    assert after is not None
    assert after.sync_now
    assert after.at is not None
    assert after.at > NOW


def test_a_shorter_interval_counts_from_now() -> None:
    far = _source(next_sync_at=NOW + 24 * HOUR)
    assert _next(far, chance=0.5) == NextSync(NOW + HOUR / 2, sync_now=False)


def test_a_schedule_that_was_taken_away_is_forgotten() -> None:
    once = _source(every_s=None, next_sync_at=NOW)
    assert _next(once) == NextSync(None, sync_now=False)


@given(
    st.floats(60, 10**7),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.datetimes(timezones=st.just(UTC), min_value=datetime(2025, 1, 1))),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_the_next_sync_is_never_further_than_an_interval_with_its_jitter(
    every_s: float, chance: float, next_sync_at: datetime | None
) -> None:
    source = _source(every_s=every_s, next_sync_at=next_sync_at)
    todo = _next(source, chance=chance)
    at = source.next_sync_at if todo is None else todo.at
    assert at is not None
    assert NOW <= at <= NOW + timedelta(seconds=every_s * 1.1, microseconds=1)


@pytest.fixture
async def sources(database: Database) -> SourceRecords:
    records = SourceRecords(database)
    for project_id in ("alloy", "veda"):
        project = ProjectRecord(
            project_id=project_id,
            title="",
            location=f"/{project_id}",
            created_by="me",
            created_at=NOW,
        )
        await records.add(project, sync_every_s=3600)
    return records


def _schedule(sources: SourceRecords, now: Callable[[], datetime]) -> Schedule:
    return Schedule(
        sources=sources, default_every_s=None, now=now, chance=lambda: 0.5, look_every_s=0.01
    )


async def test_of_many_processes_one_queues_what_is_due(sources: SourceRecords) -> None:
    await _schedule(sources, lambda: NOW).look()
    later = [_schedule(sources, lambda: NOW + HOUR) for _ in range(4)]
    queued = await asyncio.gather(*(schedule.look() for schedule in later))
    assert sorted(chain.from_iterable(queued)) == ["alloy", "veda"]
    jobs = JobRecords(sources.database)
    assert [job.status for job in await jobs.latest("alloy", limit=9)] == ["queued"]


async def test_a_source_removed_meanwhile_is_passed_over(sources: SourceRecords) -> None:
    [alloy, _] = await sources.list_all()
    await sources.remove("alloy")
    assert not await sources.schedule(alloy, NOW, sync_now=True)


async def test_a_running_schedule_looks_again_and_again(sources: SourceRecords) -> None:
    jobs = JobRecords(sources.database)
    moments = iter([NOW, NOW])
    schedule = _schedule(sources, lambda: next(moments, NOW + HOUR))
    async with asyncio.timeout(20), schedule.running():
        while not await jobs.latest("veda", limit=1):  # noqa: ASYNC110 - of the database
            await asyncio.sleep(0.01)


async def test_a_running_schedule_outlives_what_goes_wrong(
    sources: SourceRecords, caplog: pytest.LogCaptureFixture
) -> None:
    moments = iter([NOW])

    def failing_at_first() -> datetime:
        if next(moments, None) is not None:
            raise KeyError
        return NOW

    async with asyncio.timeout(20), _schedule(sources, failing_at_first).running():
        while any(source.next_sync_at is None for source in await sources.list_all()):  # noqa: ASYNC110 - of the database
            await asyncio.sleep(0.01)
    assert "KeyError" in caplog.text
