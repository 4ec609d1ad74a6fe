"""Servers that are kept: started by whoever needs one first, replaced, ended when nobody does."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from inference.gateway.pool import Pool
from inference.runtimes.kept import Keeping, Kept
from inference.runtimes.problems import RuntimeFailed
from inference.runtimes.process import Options
from tests.inference.runtimes.left_behind import all_gone, until
from tests.inference.runtimes.stand_in import in_mode, write_program

QUICK = Keeping(first_pause_s=0.05)


async def _is_there(_: str) -> bool:
    return True


@asynccontextmanager
async def _kept(
    folder: Path, mode: str = "well", keeping: Keeping = QUICK
) -> AsyncGenerator[tuple[Kept, Pool]]:
    options = Options(log_folder=folder / "logs", programs=write_program(folder), ready_s=20)
    kept = Kept(in_mode(mode, folder), options, keeping)
    pool = Pool("org/model", (), probe=_is_there, wake=kept.wake)
    async with kept.within(pool):
        yield kept, pool


def _pid(folder: Path) -> int:
    return int((folder / "pids").read_text().split()[0])


async def test_nothing_is_started_before_a_call_and_one_server_for_all_that_come(
    tmp_path: Path,
) -> None:
    async with _kept(tmp_path, "slow") as (kept, pool):
        await asyncio.sleep(0.2)
        assert (kept.starts, pool.replicas, pool.is_away) == (0, [], True)
        await asyncio.gather(*(pool.wait(within_s=20) for _ in range(50)))
        assert (kept.starts, len(pool.replicas)) == (1, 1)
    await all_gone([_pid(tmp_path)])


async def test_one_that_ends_is_replaced_and_no_call_goes_there_meanwhile(tmp_path: Path) -> None:
    async with _kept(tmp_path) as (kept, pool):
        first = await kept.started()
        os.kill(_pid(tmp_path), signal.SIGKILL)
        await until(lambda: not pool.replicas)
        await pool.wait(within_s=20)
        assert kept.starts == 2
        assert kept.url not in {first, None}


async def test_one_that_nobody_uses_is_ended_until_the_next_call(tmp_path: Path) -> None:
    async with _kept(tmp_path, keeping=Keeping(idle_s=0.3)) as (kept, pool):
        await kept.started()
        server = _pid(tmp_path)
        await until(lambda: not pool.replicas)
        await all_gone([server])
        assert not kept.is_wanted
        await pool.wait(within_s=20)
        assert kept.starts == 2


async def test_one_that_works_is_not_ended(tmp_path: Path) -> None:
    async with _kept(tmp_path, keeping=Keeping(idle_s=0.2)) as (kept, pool):
        await kept.started()
        with pool.working(pool.replicas[0]):
            await asyncio.sleep(1)
            assert pool.replicas
        await until(lambda: not pool.replicas)


async def test_why_the_first_try_failed_is_told_and_the_next_one_may_succeed(
    tmp_path: Path,
) -> None:
    async with _kept(tmp_path, "ends once") as (kept, pool):
        with pytest.raises(RuntimeFailed, match="exit code 7"):
            await kept.started()
        await pool.wait(within_s=20)
        assert (kept.starts, kept.failure) == (2, None)


async def test_leaving_while_it_is_being_started_leaves_nothing_behind(tmp_path: Path) -> None:
    async with _kept(tmp_path, "never ready") as (kept, _):
        kept.wake()
        await until((tmp_path / "environment").exists)
    await all_gone([_pid(tmp_path)])
