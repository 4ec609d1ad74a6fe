"""What was used, by month, day, person, key and model; the days are Japan's."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.records.database import Database, open_database
from service.usage.journal import Journal
from service.usage.moving import moved
from service.usage.record import UsageRecord
from service.usage.report import UsageSum, total_of, usage_of
from service.usage.spans import month_of
from tests.service.usage.records import call

NOVEMBER = month_of("2026-11")


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    async with open_database(database_url) as opened:
        yield opened


async def keep(database: Database, folder: Path, records: Sequence[UsageRecord]) -> None:
    async with moved(Journal(folder), database) as mover:
        for record in records:
            mover.journal.append(record)


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


async def test_calls_are_summed_by_model_the_dearest_first(
    database: Database, tmp_path: Path
) -> None:
    calls = [call(), call(outcome="failed"), call(model="bge-m3", microyen=0, first_byte_s=None)]
    await keep(database, tmp_path, calls)
    dear, free = await usage_of(database, NOVEMBER, group_by="model")
    assert dear == UsageSum(
        group="gpt-oss-20b",
        calls=2,
        failed=1,
        prompt_tokens=20,
        cached_tokens=8,
        completion_tokens=10,
        audio_s=0.0,
        pages=0,
        yen=0.0012,
        mean_s=2.0,
        mean_first_byte_s=0.5,
    )
    assert (free.group, free.calls, free.mean_first_byte_s) == ("bge-m3", 1, None)


async def test_a_month_begins_and_ends_at_midnight_in_japan(
    database: Database, tmp_path: Path
) -> None:
    moments = [
        at("2026-10-31T14:59:59"),
        at("2026-10-31T15:00:00"),
        at("2026-11-30T14:59:59"),
        at("2026-11-30T15:00:00"),
    ]
    await keep(database, tmp_path, [call(ended_at=moment) for moment in moments])
    days = await usage_of(database, NOVEMBER, group_by="day")
    assert [(day.group, day.calls) for day in days] == [("2026-11-01", 1), ("2026-11-30", 1)]


async def test_a_person_sees_what_that_person_used(database: Database, tmp_path: Path) -> None:
    await keep(database, tmp_path, [call(), call(principal_id="佐藤", key_id=None)])
    everybody = await usage_of(database, NOVEMBER, group_by="person")
    assert {each.group for each in everybody} == {"yamada", "佐藤"}
    [own] = await usage_of(database, NOVEMBER, group_by="key", person="佐藤")
    assert (own.group, own.calls) == ("", 1)


async def test_where_nothing_was_used_there_is_nothing(database: Database) -> None:
    assert await usage_of(database, NOVEMBER, group_by="model") == []


async def test_the_total_is_that_of_all_groups(database: Database, tmp_path: Path) -> None:
    calls = [call(), call(), call(model="bge-m3", microyen=0, seconds=5.0, outcome="failed")]
    await keep(database, tmp_path, calls)
    total = total_of(await usage_of(database, NOVEMBER, group_by="model"))
    assert (total.calls, total.failed, total.prompt_tokens) == (3, 1, 30)
    assert (total.yen, total.mean_s) == (0.0012, 3.0)


def test_the_total_of_nothing_is_nothing() -> None:
    assert (total_of([]).calls, total_of([]).mean_s) == (0, 0.0)
