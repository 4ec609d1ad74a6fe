"""`fumikura usage report` on the command line."""

import asyncio
import csv
import io
from pathlib import Path

import pytest

from service.records.database import open_database
from service.settings import read_settings
from service.usage.journal import Journal
from service.usage.moving import moved
from tests.service.cli.conftest import Fumikura
from tests.service.usage.records import call


@pytest.fixture
def used(data_folder: Path, fumikura: Fumikura) -> Path:
    """Three calls of November are in the database."""
    assert fumikura("usage", "report").status == 0  # makes the folder
    asyncio.run(_keep(data_folder))
    return data_folder


async def _keep(data_folder: Path) -> None:
    journal = Journal(data_folder / "usage")
    async with open_database(read_settings().records_url) as database, moved(journal, database):
        for changes in ({}, {"principal_id": "佐藤"}, {"model": "bge-m3", "microyen": 0}):
            journal.append(call(**changes))


@pytest.mark.usefixtures("used")
def test_a_month_is_shown_as_a_table(fumikura: Fumikura) -> None:
    ran = fumikura("usage", "report", "--month", "2026-11", "--by", "person")
    assert ran.status == 0
    assert "佐藤" in ran.out
    assert "2026-11" in ran.out
    total = ran.out.splitlines()[-2].replace("│", " ").split()
    assert total == ["3", "0.0%", "30", "12", "15", "0.0", "0", "0.00", "2.00"]


@pytest.mark.usefixtures("used")
def test_a_month_is_printed_for_programs(fumikura: Fumikura) -> None:
    sums = fumikura("usage", "report", "--month", "2026-11", "--json").json()
    assert [(each["group"], each["calls"]) for each in sums] == [("gpt-oss-20b", 2), ("bge-m3", 1)]


@pytest.mark.usefixtures("used")
def test_a_month_is_printed_for_spreadsheets(fumikura: Fumikura) -> None:
    ran = fumikura("usage", "report", "--month", "2026-11", "--csv", "--person", "yamada")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["group"], row["prompt_tokens"]) for row in rows] == [
        ("gpt-oss-20b", "10"),
        ("bge-m3", "10"),
    ]


@pytest.mark.usefixtures("used")
def test_a_month_is_written_into_a_file(fumikura: Fumikura, tmp_path: Path) -> None:
    table = tmp_path / "11月.csv"
    ran = fumikura("usage", "report", "--month", "2026-11", "--by", "day", "--csv", str(table))
    assert (ran.status, ran.out) == (0, "")
    assert table.read_bytes().split(b"\r\n")[1].startswith(b"2026-11-25,3,0,")


def test_calls_that_are_not_moved_yet_are_told(fumikura: Fumikura, used: Path) -> None:
    journal = Journal(used / "usage")
    journal.append(call())
    journal.close()
    ran = fumikura("usage", "report", "--month", "2026-11", "--json")
    assert "1 calls are not counted yet" in ran.err


def test_what_is_no_month_is_told(fumikura: Fumikura) -> None:
    ran = fumikura("usage", "report", "--month", "November")
    assert (ran.status, "such as 2026-11" in ran.err) == (2, True)
