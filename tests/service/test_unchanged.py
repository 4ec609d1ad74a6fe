"""What was read from the records counts until anything is written, by whatever process."""

import pytest
from sqlalchemy import text

from service.records.database import Database, open_database
from service.records.unchanged import Unchanged

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class _Reading:
    """Counts itself; its answer is its number."""

    count = 0

    async def __call__(self) -> int:
        self.count += 1
        return self.count


async def _write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(
            text("INSERT INTO request_budgets (id, next_free_at, day, used) VALUES ('a', 0, 0, 0)")
        )


@SQLITE
async def test_nothing_is_read_twice_while_nothing_is_written(database: Database) -> None:
    known, read = Unchanged[str, int](database), _Reading()
    assert [await known.get("a", read) for _ in range(3)] == [1, 1, 1]
    assert await known.get("b", read) == 2


async def test_it_is_read_anew_after_a_write_of_this_process(database: Database) -> None:
    known, read = Unchanged[str, int](database), _Reading()
    await known.get("a", read)
    await _write(database)
    assert await known.get("a", read) == 2


async def test_it_is_read_anew_after_a_write_of_another_one(
    database: Database, database_url: str
) -> None:
    known, read = Unchanged[str, int](database), _Reading()
    await known.get("a", read)
    async with open_database(database_url) as other:
        await _write(other)
    assert await known.get("a", read) == 2


@SQLITE
async def test_what_was_written_while_it_was_read_is_seen_the_next_time(
    database: Database,
) -> None:
    known, read = Unchanged[str, int](database), _Reading()

    async def overtaken() -> int:
        number = await read()
        await _write(database)
        return number

    assert await known.get("a", overtaken) == 1
    assert await known.get("a", read) == 2


@POSTGRESQL
async def test_where_the_database_cannot_tell_it_is_read_each_time(database: Database) -> None:
    known, read = Unchanged[str, int](database), _Reading()
    assert [await known.get("a", read) for _ in range(3)] == [1, 2, 3]


@SQLITE
async def test_it_holds_no_more_than_it_may(database: Database) -> None:
    known, read = Unchanged[int, int](database), _Reading()
    for number in range(1_500):
        await known.get(number, read)
    assert await known.get(0, read) == 1_501  # the first ones were forgotten
