"""Run a model server: started, waited for, warmed up, and drained where it is no longer wanted."""

import asyncio
import logging
import os
import re
import socket
import time
from collections.abc import AsyncGenerator, Collection, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from inference.runtimes.adapters import command_for
from inference.runtimes.command import LOOPBACK, Address, Command, Programs
from inference.runtimes.environment import inherited
from inference.runtimes.owned import Owned, log_of, owned
from inference.runtimes.problems import RuntimeFailed
from inference.runtimes.to_serve import ToServe
from inference.runtimes.warm_up import first_request

_PROBE_EVERY_S: Final = 0.1
_PROBE_S: Final = 5.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How servers are run here."""

    log_folder: Path
    programs: Programs = field(default_factory=Programs)
    host: str = LOOPBACK
    ready_s: float = 1_800.0
    """From the start until it says that it is ready: large weights are read from slow disks."""
    warm_up_s: float = 300.0
    grace_s: float = 60.0
    """For calls in flight, when it shall end."""
    terminate_s: float = 10.0
    """For itself, after that."""
    log_bytes: int = 8 * 2**20
    passed: Collection[str] = ()
    """Names of more variables that servers may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that has answered its first request."""

    url: str
    """Without `/v1`."""
    load_s: float
    """From the start to the first answer."""
    pid: int
    server: Owned

    async def ended(self) -> int:
        """Return its exit code, once it ended by itself."""
        return await self.server.ended()


@asynccontextmanager
async def running(served: ToServe, options: Options) -> AsyncGenerator[Running]:
    """Start a model's server, and drain it where the block is left; nothing starts it again.

    Raises:
        RuntimeFailed: it is not started, not ready in time, or does not answer.
        ProgramMissing, WeightsUnfit, ArgumentRefused: see `command_for`.
    """
    log = log_of(options.log_folder, served.id)
    address = Address(port=_free_port(options.host), host=options.host)
    command = command_for(served, address, options.programs, grace_s=options.grace_s)
    environment = {**inherited(os.environ, options.passed), **command.environment}
    url = f"http://{_reached_at(options.host)}:{address.port}"
    began = time.monotonic()
    async with (
        _client() as client,
        owned(
            served.id, command.arguments, environment, log, log_bytes=options.log_bytes
        ) as server,
    ):
        await _until(_ready(client, url + command.health), served, server, options.ready_s)
        await _until(_warm_up(client, url, served, log), served, server, options.warm_up_s)
        load_s = time.monotonic() - began
        _LOG.info("%s answers after %.1f s", served.id, load_s)
        try:
            yield Running(url=url, load_s=load_s, pid=server.pid, server=server)
        finally:
            await _drain(client, url, command, server, options)


async def _until(
    work: Coroutine[None, None, None], served: ToServe, server: Owned, within_s: float
) -> None:
    """Wait for work, which is in vain where the server ends or takes too long."""
    working = asyncio.create_task(work)
    ending = asyncio.create_task(server.ended())
    try:
        await asyncio.wait({working, ending}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            raise RuntimeFailed(
                served.id, reason="it ended", log=server.log, exit_code=ending.result()
            )
        if not working.done():
            reason = f"it was not ready within {within_s:g} s"
            raise RuntimeFailed(served.id, reason=reason, log=server.log)
        working.result()
    finally:
        working.cancel()
        ending.cancel()
        await asyncio.gather(working, ending, return_exceptions=True)


async def _ready(client: aiohttp.ClientSession, url: str) -> None:
    while True:
        if await _answers(client, url):
            return
        await asyncio.sleep(_PROBE_EVERY_S)


async def _answers(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with asyncio.timeout(_PROBE_S), client.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _warm_up(client: aiohttp.ClientSession, url: str, served: ToServe, log: Path) -> None:
    request = first_request(served)
    headers = {"content-type": request.content_type}
    try:
        async with client.post(url + request.path, data=request.body, headers=headers) as response:
            await response.read()
    except (aiohttp.ClientError, OSError) as error:
        raise RuntimeFailed(served.id, reason="its first answer broke off", log=log) from error
    if response.status != 200:
        reason = f"its first answer was HTTP {response.status}"
        raise RuntimeFailed(served.id, reason=reason, log=log)


async def _drain(
    client: aiohttp.ClientSession, url: str, command: Command, server: Owned, options: Options
) -> None:
    """Let calls in flight end, then the server; whoever is left after that is killed.

    vLLM and our own server stop listening at SIGTERM and finish what they have; for others, we wait
    before it.
    """
    within_s = options.grace_s + options.terminate_s
    if command.in_flight is not None:
        await _idle(client, url, command.in_flight, options.grace_s)
        within_s = options.terminate_s
    server.terminate()
    try:
        async with asyncio.timeout(within_s):
            await server.ended()
    except TimeoutError:
        _LOG.warning("%s did not end within %.0f s and is killed", server.log.stem, within_s)


async def _idle(client: aiohttp.ClientSession, url: str, metric: str, within_s: float) -> None:
    """Wait until nothing is in flight, or it cannot be told."""
    value = re.compile(rf"^{re.escape(metric)}(?:{{[^}}]*}})? ([0-9.eE+]+)$", re.MULTILINE)
    try:
        async with asyncio.timeout(within_s):
            while True:
                async with client.get(f"{url}/metrics") as response:
                    found = value.findall(await response.text())
                if not any(float(each) > 0 for each in found):
                    return
                await asyncio.sleep(_PROBE_EVERY_S)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return


def _client() -> aiohttp.ClientSession:
    """Return a client that the environment adds nothing to."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_PROBE_S)
    return aiohttp.ClientSession(
        timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    )


def _free_port(host: str) -> int:
    """Return a port that nobody has now; whoever takes it before the server makes that one end."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


def _reached_at(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return LOOPBACK
    return f"[{host}]" if ":" in host else host
