"""A session at the stand-in, and a project there, for tests of what RDM's content means."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr

from connectors.ports import SourceFile
from connectors.rdm.api import RdmApi
from connectors.rdm.client import RdmSession, open_rdm
from connectors.rdm.models import Node
from connectors.rdm.settings import InstanceName
from connectors.rdm.source import RdmSource
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_world import RdmWorld

AOKI = "aoki"
"""Her token."""


class Unlimited:
    """Implements `connectors.rdm.budget.RequestBudget`: any number at any time."""

    async def take(self) -> None:
        return


@asynccontextmanager
async def session_at(
    rdm: RdmStandIn, token: str | None = AOKI, *, name: InstanceName = "rdm"
) -> AsyncGenerator[RdmSession]:
    """Ask the stand-in in someone's name, or with None in nobody's; a failure is not repeated."""
    settings = rdm.settings.model_copy(update={"tries": 1})
    async with open_rdm(settings, name) as client:
        yield client.session(SecretStr(token) if token else None, Unlimited())


@asynccontextmanager
async def opened_source(
    world: RdmWorld, *, name: InstanceName = "rdm", limit: int = 10_000_000
) -> AsyncGenerator[tuple[RdmSource, RdmStandIn]]:
    """The project `abc12` and the stand-in, which has received nothing since."""
    async with serve_rdm(world) as rdm, session_at(rdm, name=name) as session:
        node = await RdmApi(session).node("abc12")
        rdm.calls.clear()
        source = RdmSource(
            project_id="rdm-abc12",
            title=node.title,
            node=node,
            session=session,
            max_file_bytes=limit,
        )
        yield source, rdm


async def listed_files(world: RdmWorld) -> dict[str, SourceFile]:
    """List the project `abc12` once; its files by path, in the order of the listing."""
    async with opened_source(world) as (source, _):
        return {file.path: file for file in (await source.list_files()).files}


def aokis_world(node_id: str = "abc12", title: str = "鋼の疲労試験") -> RdmWorld:
    """Return a world with one private project, whose administrator is Aoki."""
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=AOKI)
    world.add_node(node_id, title=title)
    world.grant("u1aok", node_id, "admin")
    return world


PROJECT = Node(
    node_id="abc12",
    title="鋼の疲労試験",
    description="",
    category="project",
    tags=(),
    is_public=False,
    is_registration=False,
    has_wiki=True,
    parent=None,
    root="abc12",
    permissions=frozenset({"read", "write", "admin"}),
    modified=None,
    link="https://rdm.example.jp/abc12/",
)


def component(node_id: str, *, of: str, root: str = "abc12") -> Node:
    return replace(PROJECT, node_id=node_id, parent=of, root=root)
