"""A stand-in for GakuNin RDM (and OSF) on loopback: API v2, WaterButler, storage, metadata.

world = RdmWorld()
world.add_user("u1aok", "青木 花子", token="aoki")
world.add_node("abc12", title="鋼の疲労試験")
world.grant("u1aok", "abc12", "admin")
async with serve_rdm(world) as rdm:
    …  # a client with rdm.settings
    assert rdm.downloads == []

The world may be changed while it is served. `python -m tests.servers.rdm PATH` serves a folder.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, get_args

from pydantic import AnyHttpUrl, SecretStr

from connectors.rdm.settings import RdmSettings
from tests.servers.loopback import Exchange, Received, serve_loopback
from tests.servers.rdm_api import RdmApi
from tests.servers.rdm_faults import Faults
from tests.servers.rdm_files import RdmFiles
from tests.servers.rdm_replies import HostRole, Reply, Request, parse
from tests.servers.rdm_throttle import Limits, Throttle
from tests.servers.rdm_web import RdmWeb
from tests.servers.rdm_world import RdmWorld

DEMO_NODE: Final = "demo1"
RESCAN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was received; `path` is decoded and has no query."""

    host: HostRole
    method: str
    path: str
    query: Mapping[str, str]
    token: str | None
    headers: Mapping[str, str]


@dataclass(kw_only=True)
class RdmStandIn:
    """The four hosts, each a port of 127.0.0.1, and what they have received."""

    world: RdmWorld
    api_url: str = ""
    """Ends with `/v2/`; the others with `/`."""
    files_url: str = ""
    web_url: str = ""
    storage_url: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    faults: Faults = field(default_factory=Faults)
    _api: RdmApi
    _files: RdmFiles

    @property
    def settings(self) -> RdmSettings:
        """Settings that lead here, with short times and no token."""
        return RdmSettings(
            api_url=AnyHttpUrl(self.api_url),
            files_url=AnyHttpUrl(self.files_url),
            web_url=AnyHttpUrl(self.web_url),
            storage_hosts=("127.0.0.1",),
            requests_per_second=10,
            connect_timeout_s=2,
            read_timeout_s=5,
            request_deadline_s=20,
            download_deadline_s=30,
        )

    def settings_of(self, token: str) -> RdmSettings:
        return self.settings.model_copy(update={"token": SecretStr(token)})

    def throttle(self, limits: Limits | None) -> None:
        """Refuse what is over these limits with 429, counted from now on; None: all is answered."""
        self._api.throttle = Throttle(limits, self.world.clock) if limits else None

    def calls_to(self, host: HostRole) -> list[Call]:
        return [call for call in self.calls if call.host == host]

    @property
    def downloads(self) -> list[Call]:
        """Requests to WaterButler for the bytes of a file."""
        other = {"meta", "versions", "revisions"}
        return [
            call
            for call in self.calls_to("files")
            if not (call.path.endswith("/") or other & call.query.keys())
        ]

    @property
    def leaks(self) -> list[Call]:
        """Requests that brought credentials to the storage host, where they must not go."""
        return [call for call in self.calls_to("storage") if call.token or "cookie" in call.headers]

    async def handle(self, host: HostRole, received: Received, exchange: Exchange) -> None:
        request = parse(host, received)
        self.calls.append(_call(request))
        await self.faults.effect_on(request).meet(request, self._answer, exchange)

    def _answer(self, request: Request) -> Reply:
        match request.host:
            case "api":
                return self._api.answer(request)
            case "files":
                return self._files.answer(request)
            case "storage":
                return self._files.stored(request)
            case "web":
                return RdmWeb(self.world).answer(request)


@asynccontextmanager
async def serve_rdm(world: RdmWorld, *, first_port: int = 0) -> AsyncGenerator[RdmStandIn]:
    """Serve a world: on four free ports, or on `first_port` (the API) and the three after it."""
    api = RdmApi(world)
    files = RdmFiles(world)
    rdm = RdmStandIn(world=world, _api=api, _files=files)
    async with AsyncExitStack() as stack:
        hosts: dict[str, str] = {}
        for at, host in enumerate(get_args(HostRole)):
            serving = serve_loopback(
                partial(rdm.handle, host), port=first_port + at if first_port else 0
            )
            hosts[host] = await stack.enter_async_context(serving)
        rdm.api_url = api.api_url = f"{hosts['api']}/v2/"
        rdm.web_url = api.web_url = f"{hosts['web']}/"
        rdm.files_url = f"{hosts['files']}/"
        rdm.storage_url = files.storage_url = f"{hosts['storage']}/"
        yield rdm


def folder_world(folder: Path, *, token: str) -> RdmWorld:
    """Return a world with one private project, `demo1`, whose osfstorage is this folder."""
    world = RdmWorld()
    world.add_user("u1dem", "青木 花子", token=token)
    world.add_node(DEMO_NODE, title=folder.resolve().name)
    world.grant("u1dem", DEMO_NODE, "admin")
    world.add_folder(DEMO_NODE, folder)
    return world


async def serve_folder(folder: Path, *, token: str, first_port: int) -> None:
    """Serve a folder until cancelled, and follow its changes."""
    world = folder_world(folder, token=token)
    async with serve_rdm(world, first_port=first_port) as rdm:
        rdm.throttle(Limits())
        sys.stdout.write(how_to_use(rdm, token=token))
        sys.stdout.flush()
        while True:
            await asyncio.sleep(RESCAN_S)
            world.add_folder(DEMO_NODE, folder)


def how_to_use(rdm: RdmStandIn, *, token: str) -> str:
    """Return lines for a shell: the settings that lead to the stand-in, and what to do next."""
    files = sum(1 for _ in rdm.world.storage(DEMO_NODE).files())
    return (
        f"# Project {DEMO_NODE}, files: {files}, until Ctrl-C. In another shell:\n"
        f"export FUMIKURA_RDM__API_URL={rdm.api_url}\n"
        f"export FUMIKURA_RDM__FILES_URL={rdm.files_url}\n"
        f"export FUMIKURA_RDM__WEB_URL={rdm.web_url}\n"
        f"export RDM_TOKEN={token}\n"
        f"fumikura index rdm:{DEMO_NODE}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers.rdm",
        description="Serve a folder as a project of GakuNin RDM, to try without an account.",
    )
    parser.add_argument("folder", type=Path, metavar="PATH")
    parser.add_argument("--port", type=int, default=0, help="first of four; default: free ones")
    parser.add_argument("--token", default="demo-token")
    asked = parser.parse_args()
    if not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder")
    try:
        asyncio.run(serve_folder(asked.folder, token=asked.token, first_port=asked.port))
    except KeyboardInterrupt:  # how it is meant to end
        pass
    except OSError as error:
        parser.error(f"cannot listen on four ports from {asked.port}: {error.strerror}")


def _call(request: Request) -> Call:
    return Call(
        request.host, request.method, request.path, request.query, request.token, request.headers
    )


if __name__ == "__main__":
    main()
