"""Which collection answers, in the database: every step is taken by one process, or by none."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from contracts.problems import ServiceUnreachable
from rag.ports import FileRecord
from rag.problems import ProjectUnknown
from rag.reembedding import ReembeddingProgress, Verification
from service.generations.problems import ReembeddingFailed
from service.generations.state import Collection, ReembeddingState
from service.records.database import Database
from service.records.files import DatabaseIndexRecords
from service.records.generations import GenerationRecords
from service.records.jobs import JobRecords
from service.records.models import GenerationsRow
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords

AT = datetime(2026, 1, 1, tzinfo=UTC)
OLD = Collection("docs__old__1", "old")
NEW = Collection("docs__new__1", "new")
PASSED = Verification(at=AT, projects=1, passages=1, differing=[], asked=1, found=1)
FILE = FileRecord(
    file_id="f",
    path="a.txt",
    version="1",
    fingerprint="1",
    status="indexed",
    passages=1,
    indexed_at=AT,
)


@pytest.fixture
async def records(database: Database) -> GenerationRecords:
    kept = GenerationRecords(database)
    await SourceRecords(database).add(
        ProjectRecord(
            project_id="alloy", title="合金", location="/alloy", created_by="me", created_at=AT
        )
    )
    return kept


async def _ordered(records: GenerationRecords, stage: Any = "checking") -> ReembeddingState:  # noqa: ANN401 - any stage
    before = await records.adopt(OLD)
    ordered = await records.order(before, stage, other=NEW)
    assert ordered is not None
    return ordered


async def test_of_processes_that_start_together_one_says_what_answers(
    records: GenerationRecords,
) -> None:
    assert await records.find() is None
    states = await asyncio.gather(*(records.adopt(each) for each in (OLD, NEW, OLD, NEW)))
    assert len({state.active for state in states}) == 1


async def test_what_was_indexed_before_is_the_first_collections(
    records: GenerationRecords, database: Database
) -> None:
    await DatabaseIndexRecords(database, "").save("alloy", FILE)
    await records.adopt(OLD)
    assert await DatabaseIndexRecords(database, OLD.name).load("alloy") == {"f": FILE}
    assert await DatabaseIndexRecords(database, "").load("alloy") == {}


async def test_the_records_of_collections_do_not_meet(
    records: GenerationRecords, database: Database
) -> None:
    await records.adopt(OLD)
    old, new = (DatabaseIndexRecords(database, each.name) for each in (OLD, NEW))
    await old.save("alloy", FILE)
    await new.save("alloy", FILE)
    await new.drop("alloy", "f")
    assert (await old.find("alloy", ["f", "g"]), await new.load("alloy")) == ({"f": FILE}, {})
    assert ((await old.totals("alloy")).files, (await new.totals("alloy")).files) == (1, 0)


async def test_a_file_of_a_project_that_was_removed_is_not_recorded(database: Database) -> None:
    with pytest.raises(ProjectUnknown):
        await DatabaseIndexRecords(database, "docs").save("gone", FILE)


async def test_after_a_plain_change_of_the_model_logs_are_not_trusted(
    records: GenerationRecords, database: Database
) -> None:
    projects = ProjectRecords(database)
    await records.adopt(OLD)
    await projects.mark_listed("alloy", log_mark="log", listed_at=AT)
    assert (await records.replace(OLD, NEW)).active == NEW
    [project] = await projects.list_records()
    assert (project.log_mark, project.listed_at) == (None, None)


async def test_of_two_orders_for_one_state_one_is_taken(records: GenerationRecords) -> None:
    before = await records.adopt(OLD)
    taken = await asyncio.gather(*(records.order(before, "checking", other=NEW) for _ in range(3)))
    assert sum(each is not None for each in taken) == 1


async def test_work_is_claimed_by_one_process_until_it_releases_it(
    records: GenerationRecords,
) -> None:
    await _ordered(records)
    claimed = await asyncio.gather(*(records.claim(each) for each in ("a", "b", "c")))
    [owner] = [name for name, each in zip("abc", claimed, strict=True) if each is not None]
    assert await records.claim("d") is None
    await records.release(owner)
    assert await records.claim("d") is not None


async def test_what_rests_is_not_claimed(records: GenerationRecords) -> None:
    await _ordered(records, "ready")
    assert await records.claim("a") is None


async def test_what_was_stopped_is_claimed_again_only_if_that_may_pass(
    records: GenerationRecords,
) -> None:
    for problem in (ServiceUnreachable("The model", reason="busy"), ReembeddingFailed()):
        await records.release_all()
        state = await records.find() or await _ordered(records)
        await records.order(state, "building")
        assert await records.claim("a") is not None
        await records.advance("a", "building", "building", error=problem.body())
    after = await records.find()
    assert after is not None
    assert after.error == ReembeddingFailed().body()


async def test_who_lost_the_lease_takes_no_step(
    records: GenerationRecords, database: Database
) -> None:
    await _ordered(records, "switching")
    await records.claim("a")
    async with database.write() as session:
        await session.execute(update(GenerationsRow).values(lease_until=AT))
    assert await records.renew("a", None) is None
    assert not await records.advance("a", "switching", "ready")
    assert not await records.flip("a", PASSED)
    assert await records.claim("b") is not None


async def test_progress_is_kept_with_the_lease(records: GenerationRecords) -> None:
    await _ordered(records)
    await records.claim("a")
    progress = ReembeddingProgress(files=1, files_total=2)
    assert await records.renew("a", progress) == "checking"
    state = await records.find()
    assert state is not None
    assert (state.progress, state.at_work) == (progress, True)


async def test_a_switch_and_a_rollback_exchange_the_collections(records: GenerationRecords) -> None:
    for active, role in ((NEW, "former"), (OLD, "next")):
        state = await records.find() or await _ordered(records)
        await records.order(state, "switching")
        await records.claim("a")
        assert await records.flip("a", PASSED)
        after = await records.find()
        assert after is not None
        assert (after.active, after.other_is, after.stage) == (active, role, "ready")
        assert after.verification == PASSED


async def test_no_sync_begins_while_another_collection_begins_to_answer(
    records: GenerationRecords, database: Database
) -> None:
    jobs = JobRecords(database)
    await jobs.enqueue("alloy", created_by="me")
    await _ordered(records, "switching")
    await records.claim("a")
    assert await jobs.claim("worker") is None
    await records.flip("a", PASSED)
    assert await jobs.claim("worker") is not None


async def test_a_switch_waits_for_the_sync_that_runs_and_that_one_is_told(
    records: GenerationRecords, database: Database
) -> None:
    jobs = JobRecords(database)
    job = await jobs.enqueue("alloy", created_by="me")
    await jobs.claim("worker")
    await _ordered(records, "switching")
    assert await jobs.renew(job.job_id, "worker", None) == "held"
    await records.claim("a")
    assert await jobs.renew(job.job_id, "worker", None) == "halted"
    assert not await records.flip("a", PASSED)
    await jobs.release(job.job_id, "worker")
    assert await records.flip("a", PASSED)


async def test_syncs_go_on_where_who_switched_is_gone(
    records: GenerationRecords, database: Database
) -> None:
    jobs = JobRecords(database)
    await jobs.enqueue("alloy", created_by="me")
    await _ordered(records, "switching")
    await records.claim("a")
    await records.release_all()
    assert await jobs.claim("worker") is not None


async def test_a_switch_and_a_sync_that_begin_together_do_not_meet(
    records: GenerationRecords, database: Database
) -> None:
    jobs = JobRecords(database)
    job = await jobs.enqueue("alloy", created_by="me")
    for _ in range(10):
        state = await records.find() or await _ordered(records)
        await records.order(state, "switching")
        await records.claim("a")
        begun, switched = await asyncio.gather(jobs.claim("worker"), records.flip("a", PASSED))
        after = await records.find()
        assert after is not None
        assert switched == (after.stage == "ready")
        assert begun is None or switched
        await jobs.release(job.job_id, "worker")


async def test_a_collection_that_is_forgotten_leaves_no_records(
    records: GenerationRecords, database: Database
) -> None:
    old, new = (DatabaseIndexRecords(database, each.name) for each in (OLD, NEW))
    await old.save("alloy", FILE)
    await new.save("alloy", FILE)
    await _ordered(records, "dropping")
    await records.claim("a")
    assert await records.forget_other("a")
    assert (await old.load("alloy"), await new.load("alloy")) == ({"f": FILE}, {})
    state = await records.find()
    assert state == ReembeddingState(active=OLD)
