"""The files of a project, page by page, in both databases."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rag.ports import FileRecord
from service.records.database import Database
from service.records.files import DatabaseIndexRecords
from service.records.projects import ProjectRecord
from service.records.sources import SourceRecords

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = ["b.txt", "a/報告.pdf", "同名.txt", "同名.txt", "合金.csv", "B.txt", "a.txt"]


@pytest.fixture
async def records(database: Database) -> DatabaseIndexRecords:
    kept = DatabaseIndexRecords(database, "docs")
    for project_id in ("alloy", "veda"):
        await SourceRecords(database).add(
            ProjectRecord(
                project_id=project_id,
                title="",
                location=f"/{project_id}",
                created_by="me",
                created_at=NOW,
            )
        )
        for number, path in enumerate(PATHS):
            await kept.save(project_id, _file(f"{project_id}-{number}", path))
    return kept


def _file(file_id: str, path: str) -> FileRecord:
    return FileRecord(
        file_id=file_id,
        path=path,
        version="1",
        fingerprint="1",
        status="indexed",
        passages=1,
        indexed_at=NOW,
    )


async def _all_pages(records: DatabaseIndexRecords, limit: int) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await records.page("alloy", limit=limit, cursor=cursor)
        assert 1 <= len(page.files) <= limit
        found += [file.file_id for file in page.files]
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_hold_every_file_once_in_the_same_order(
    records: DatabaseIndexRecords, limit: int
) -> None:
    found = await _all_pages(records, limit)
    assert sorted(found) == [f"alloy-{number}" for number in range(len(PATHS))]
    assert found == await _all_pages(records, 100)


async def test_a_record_is_read_as_it_was_written(records: DatabaseIndexRecords) -> None:
    labelled = replace(
        _file("alloy-0", "b.txt"),
        link="https://rdm.example/b",
        source_version="3",
        tags=("XRD", "鋼"),
        modified=datetime(2024, 4, 1, 0, 0, 0, 1, tzinfo=UTC),
    )
    await records.save("alloy", labelled)
    assert (await records.load("alloy"))["alloy-0"] == labelled


async def test_files_that_come_and_go_move_no_other_across_a_page(
    records: DatabaseIndexRecords,
) -> None:
    whole = await _all_pages(records, 100)
    first = await records.page("alloy", limit=3, cursor=None)
    await records.drop("alloy", whole[0])
    await records.drop("alloy", whole[2])
    await records.save("alloy", _file("new", "0.txt"))
    second = await records.page("alloy", limit=100, cursor=first.next_cursor)
    assert [file.file_id for file in second.files] == whole[3:]


@pytest.mark.parametrize(
    "cursor", ["", "!", "bm8=", "WzFd", "WyJhIiwgMV0=", "WyJhXHUwMDAwIiwgImIiXQ=="]
)
async def test_what_is_no_cursor_is_refused(records: DatabaseIndexRecords, cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever decoder sees it first
        await records.page("alloy", limit=1, cursor=cursor)
