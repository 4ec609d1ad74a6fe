"""What the indexer remembers: one contract, in this process and in the database."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.ports import FileRecord, IndexRecords, IndexTotals
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from service.records.projects import ProjectRecord
from service.records.sources import SourceRecords
from tests.rag.shelves import MemoryRecords

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORD = FileRecord(
    file_id="a",
    path="報告.pdf",
    version="1",
    fingerprint="parser 1",
    status="indexed",
    passages=3,
    indexed_at=NOW,
)
FAILED = replace(
    RECORD, file_id="b", status="failed", passages=0, failure_code="encrypted", failure_message="…"
)


@pytest.fixture(params=["memory", "database"])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[IndexRecords]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryRecords()
            return
        database = await stack.enter_async_context(open_database(f"sqlite:///{tmp_path / 'r.db'}"))
        for project in ("alloy", "veda"):
            await SourceRecords(database).add(
                ProjectRecord(
                    project_id=project, title="", location="/", created_by="me", created_at=NOW
                )
            )
        yield DatabaseIndexRecords(database, "docs")


async def test_a_record_is_read_as_it_was_saved(records: IndexRecords) -> None:
    await records.save("alloy", RECORD)
    await records.save("alloy", FAILED)
    assert await records.load("alloy") == {"a": RECORD, "b": FAILED}


async def test_a_record_is_replaced_by_its_file(records: IndexRecords) -> None:
    await records.save("alloy", RECORD)
    await records.save("alloy", replace(RECORD, version="2"))
    assert await records.load("alloy") == {"a": replace(RECORD, version="2")}


async def test_many_records_are_saved_and_dropped_together(records: IndexRecords) -> None:
    """More than a statement can name."""
    many = {f"{number}": replace(RECORD, file_id=f"{number}") for number in range(2_500)}
    await records.save("alloy", *many.values())
    await records.save("alloy", RECORD, *(replace(each, passages=4) for each in many.values()))
    assert await records.totals("alloy") == IndexTotals(files=2_501, passages=10_003, failed=0)
    await records.drop("alloy", *many)
    assert await records.load("alloy") == {"a": RECORD}


async def test_nothing_is_saved_where_there_are_no_records(records: IndexRecords) -> None:
    await records.save("alloy")
    await records.drop("alloy")
    assert await records.load("alloy") == {}


async def test_a_dropped_record_is_gone_and_may_be_dropped_again(records: IndexRecords) -> None:
    await records.save("alloy", RECORD)
    await records.drop("alloy", "a")
    await records.drop("alloy", "a")
    assert await records.load("alloy") == {}


async def test_the_records_of_a_project_are_counted(records: IndexRecords) -> None:
    await records.save("alloy", RECORD)
    await records.save("alloy", FAILED)
    await records.save("veda", RECORD)
    assert await records.totals("alloy") == IndexTotals(files=2, passages=3, failed=1)


async def test_an_unknown_project_has_no_records(records: IndexRecords) -> None:
    assert await records.load("unknown") == {}
    assert await records.totals("unknown") == IndexTotals(files=0, passages=0, failed=0)
