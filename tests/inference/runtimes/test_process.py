"""Processes of model servers: ready, failing, drained, and never left behind."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import httpx2
import pytest

from inference.runtimes.problems import RuntimeFailed
from inference.runtimes.process import Options, running
from tests.inference.runtimes.left_behind import all_gone, until
from tests.inference.runtimes.stand_in import in_mode, write_program

_OWNER = """
import asyncio, sys
from pathlib import Path
from inference.runtimes.process import Options, running
from tests.inference.runtimes.stand_in import in_mode, write_program
async def main():
    folder = Path(sys.argv[1])
    options = Options(log_folder=folder / "logs", programs=write_program(folder))
    async with running(in_mode("well", folder), options):
        print("ready", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(
        log_folder=tmp_path / "logs",
        programs=write_program(tmp_path),
        ready_s=20,
        grace_s=20,
        terminate_s=20,
    )


def _pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


async def test_a_server_is_ready_when_it_has_answered(tmp_path: Path, options: Options) -> None:
    async with running(in_mode("well", tmp_path), options) as server:
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{server.url}/health")).status_code == 200
        assert server.url.startswith("http://127.0.0.1:")
        assert server.load_s > 0
        assert server.pid == _pids(tmp_path)[0]
    await all_gone(_pids(tmp_path))


async def test_its_output_goes_to_a_log_that_nobody_else_reads(
    tmp_path: Path, options: Options, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(in_mode("well", tmp_path), options) as server:
        log = server.server.log
        assert log == tmp_path / "logs" / "org-model.log"
    assert "loading" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "loading" not in "".join(capfd.readouterr())


async def test_the_log_stays_small_however_much_is_said(tmp_path: Path, options: Options) -> None:
    small = Options(log_folder=options.log_folder, programs=options.programs, log_bytes=100_000)
    async with running(in_mode("noisy", tmp_path), small):
        pass
    sizes = [path.stat().st_size for path in options.log_folder.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 100_000


async def test_a_server_that_ends_early_says_its_code_and_where_to_read_why(
    tmp_path: Path, options: Options
) -> None:
    with pytest.raises(RuntimeFailed, match=r"it ended \(exit code 7\)") as failed:
        async with running(in_mode("ends", tmp_path), options):
            pass
    assert failed.value.exit_code == 7
    assert str(failed.value.log) in failed.value.hint
    assert failed.value.log.read_text().endswith("no such layer\n")
    await all_gone(_pids(tmp_path))


async def test_health_that_never_comes_ends_the_wait_and_the_server(
    tmp_path: Path, options: Options
) -> None:
    impatient = Options(log_folder=options.log_folder, programs=options.programs, ready_s=1)
    with pytest.raises(RuntimeFailed, match="not ready within 1 s"):
        async with running(in_mode("never ready", tmp_path), impatient):
            pass
    await all_gone(_pids(tmp_path))


async def test_a_server_that_refuses_its_first_request_is_not_ready(
    tmp_path: Path, options: Options
) -> None:
    with pytest.raises(RuntimeFailed, match="first answer was HTTP 400"):
        async with running(in_mode("refuses", tmp_path), options):
            pass
    await all_gone(_pids(tmp_path))


async def test_a_program_that_is_not_there_is_told(tmp_path: Path, options: Options) -> None:
    (tmp_path / "llama-server").unlink()
    with pytest.raises(RuntimeFailed, match="cannot be started"):
        async with running(in_mode("well", tmp_path), options):
            pass


async def test_a_call_in_flight_is_answered_before_the_server_ends(
    tmp_path: Path, options: Options
) -> None:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        async with running(in_mode("well", tmp_path), options) as server:
            calling = asyncio.create_task(client.post(f"{server.url}/slow"))
            await until((tmp_path / "working").exists)
            asyncio.get_running_loop().call_later(0.5, (tmp_path / "finish").touch)
        assert (await calling).text == "done"
    await all_gone(_pids(tmp_path))


async def test_a_server_that_does_not_hear_sigterm_is_killed(
    tmp_path: Path, options: Options
) -> None:
    short = Options(
        log_folder=options.log_folder, programs=options.programs, grace_s=1, terminate_s=0.5
    )
    async with running(in_mode("stubborn", tmp_path), short):
        pass
    assert (tmp_path / "asked").exists()
    await all_gone(_pids(tmp_path))


async def test_a_server_that_dies_later_is_noticed(tmp_path: Path, options: Options) -> None:
    async with running(in_mode("well", tmp_path), options) as server:
        os.kill(server.pid, signal.SIGKILL)
        assert await server.ended() == 128 + signal.SIGKILL
    await all_gone(_pids(tmp_path))


async def test_nothing_outlives_an_owner_that_is_killed(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _OWNER, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    assert await owner.stdout.readline() == b"ready\n"
    owner.kill()
    await owner.wait()
    await all_gone(_pids(tmp_path))


async def test_nothing_outlives_a_guardian_that_is_killed(tmp_path: Path, options: Options) -> None:
    async with running(in_mode("well", tmp_path), options) as server:
        server.server.guardian.kill()
        assert await server.ended() == 128 + signal.SIGKILL
    await all_gone(_pids(tmp_path))


async def test_secrets_of_ours_do_not_reach_the_server(
    tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_SECRET_KEY", "made-up")
    async with running(in_mode("well", tmp_path), options):
        pass
    assert "FUMIKURA_SECRET_KEY" not in (tmp_path / "environment").read_text().splitlines()
