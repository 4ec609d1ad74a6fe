"""Calls one by one: each once, whatever is recorded between two pages."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.records.database import Database
from service.usage.journal import Journal
from service.usage.listing import UsageCall, page_of
from service.usage.moving import moved
from service.usage.record import UsageRecord
from service.usage.spans import month_of
from tests.service.usage.records import NOON, call

NOVEMBER = month_of("2026-11")


async def keep(database: Database, folder: Path, *records: UsageRecord) -> None:
    async with moved(Journal(folder), database) as mover:
        for record in records:
            mover.journal.append(record)


async def pages(
    database: Database, *, person: str | None = None, limit: int = 2
) -> list[list[UsageCall]]:
    found: list[list[UsageCall]] = []
    cursor = None
    while not found or cursor is not None:
        page = await page_of(database, NOVEMBER, person=person, limit=limit, cursor=cursor)
        found.append(page.calls)
        cursor = page.next_cursor
    return found


async def test_calls_of_one_moment_are_on_one_page_each(database: Database, tmp_path: Path) -> None:
    calls = [call() for _ in range(5)]
    await keep(database, tmp_path, *calls)
    found = await pages(database)
    assert [len(page) for page in found] == [2, 2, 1]
    assert [each.id for page in found for each in page] == sorted(each.id for each in calls)


async def test_what_is_recorded_between_two_pages_moves_no_call_across(
    database: Database, tmp_path: Path
) -> None:
    calls = [call(ended_at=NOON + timedelta(microseconds=each)) for each in range(4)]
    await keep(database, tmp_path, *calls)
    first = await page_of(database, NOVEMBER, person=None, limit=2, cursor=None)
    early, late = call(ended_at=NOON - timedelta(hours=1)), call(ended_at=NOON + timedelta(hours=1))
    await keep(database, tmp_path, early, late)
    rest = await page_of(database, NOVEMBER, person=None, limit=9, cursor=first.next_cursor)
    told = [each.id for each in [*first.calls, *rest.calls]]
    assert told == [each.id for each in [*calls, late]]


async def test_a_persons_calls_of_the_span_are_told_whole(
    database: Database, tmp_path: Path
) -> None:
    own = call(principal_id="佐藤", microyen=1_500_000, first_byte_s=None, key_id=None)
    october = call(principal_id="佐藤", ended_at=NOON - timedelta(days=31))
    await keep(database, tmp_path, own, october, call())
    [[told]] = await pages(database, person="佐藤")
    facts = own.columns
    del facts["principal_id"], facts["microyen"]
    assert told.model_dump() == facts | {"person": "佐藤", "yen": 1.5}


async def test_where_nothing_was_called_there_is_one_empty_page(database: Database) -> None:
    assert await pages(database) == [[]]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "あ",
        "bnVsbA==",  # null
        "WyIyMDI2LTExLTI1IiwiXHVkODAwIl0=",  # half of a character
        "WyJub29uIiwiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiXQ==",  # noon is no moment
    ],
)
async def test_what_is_no_cursor_is_told(database: Database, cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several parsers, and ours
        await page_of(database, NOVEMBER, person=None, limit=1, cursor=cursor)
