"""What commands work with where no service runs: everything, in this process."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from agents.sources import JobInfo
from service.access.recorded import LOCAL_OPERATOR
from service.cli.session import LocalKeeper
from service.settings import read_settings
from service.sources.order import SourceOrder
from service.wiring import open_resources

_FULL_DISK = (
    "CREATE TRIGGER full_disk BEFORE UPDATE ON jobs WHEN NEW.status = 'done'"
    " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
)


@pytest.fixture
async def keeper(tmp_path: Path) -> AsyncGenerator[LocalKeeper]:
    settings = read_settings(data_folder=tmp_path / "data", embedding={"kind": "hash"})
    async with open_resources(settings) as resources:
        yield LocalKeeper(resources)


async def _started(keeper: LocalKeeper, project: Path) -> JobInfo:
    source_id = await keeper.add_source(SourceOrder(location=str(project)))
    return await keeper.resources.jobs.start(source_id, created_by=LOCAL_OPERATOR.id)


async def _watched(keeper: LocalKeeper, job_id: str) -> list[str]:
    return [job.status async for job in keeper.watch_job(job_id)]


async def test_a_job_is_run_while_it_is_watched(keeper: LocalKeeper, project: Path) -> None:
    job = await _started(keeper, project)
    assert (await _watched(keeper, job.job_id))[-1] == "done"


async def test_a_job_whose_end_cannot_be_written_ends_its_watch(
    keeper: LocalKeeper, project: Path
) -> None:
    async with keeper.resources.records.database.write() as session:
        await session.execute(text(_FULL_DISK))
    job = await _started(keeper, project)
    async with asyncio.timeout(10) as deadline:  # it was watched for ever
        with pytest.raises(IntegrityError):
            await _watched(keeper, job.job_id)
    assert not deadline.expired()
