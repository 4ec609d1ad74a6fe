"""A small RDM: Aoki's private project with a component of Beppu's, and a public one."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_replies import HostRole
from tests.servers.rdm_world import RdmWorld

AOKI = "aoki"


@dataclass(frozen=True)
class Caller:
    """Asks the stand-in over HTTP, in someone's name."""

    rdm: RdmStandIn
    http: httpx2.AsyncClient

    async def get(
        self, host: HostRole, path: str, *, token: str | None = AOKI, **headers: str
    ) -> httpx2.Response:
        bases = {"api": self.rdm.api_url, "files": self.rdm.files_url, "web": self.rdm.web_url}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return await self.http.get(f"{bases[host]}{path}", headers=sent)

    async def api(self, path: str, *, token: str | None = AOKI, version: str = "2.20") -> Any:  # noqa: ANN401 - JSON as it came
        accept = f"application/vnd.api+json;version={version}"
        return (await self.get("api", path, token=token, accept=accept)).json()

    async def ids(self, path: str, *, token: str | None = AOKI) -> list[str]:
        return [element["id"] for element in (await self.api(path, token=token))["data"]]

    async def folder(self, path: str = "/", *, provider: str = "osfstorage") -> list[Any]:
        listed = await self.get("files", stored(path, provider=provider))
        return [entry["attributes"] for entry in listed.json()["data"]]


def stored(path: str = "/", *, node: str = "abc12", provider: str = "osfstorage") -> str:
    return f"v1/resources/{node}/providers/{provider}{path}"


@pytest.fixture
def world() -> RdmWorld:
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token="aoki")
    world.add_user("u2bep", "別府 太郎", token="beppu")
    world.add_node("abc12", title="鋼の疲労試験")
    world.add_node("cmp34", title="組織観察", parent="abc12")
    world.add_node("pub56", title="公開データ", is_public=True)
    world.grant("u1aok", "abc12", "admin")
    world.grant("u2bep", "cmp34", "write")
    return world


@pytest.fixture
async def rdm(world: RdmWorld) -> AsyncGenerator[RdmStandIn]:
    async with serve_rdm(world) as rdm:
        yield rdm


@pytest.fixture
async def caller(rdm: RdmStandIn) -> AsyncGenerator[Caller]:
    async with httpx2.AsyncClient(timeout=5, trust_env=False) as http:
        yield Caller(rdm, http)
