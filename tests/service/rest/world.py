"""A service over two small folders and a project of RDM, and clients with keys for it."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp

from connectors.rdm.settings import RdmSettings
from contracts.principal import ALL_SCOPES, Scope
from service.access.recorded import LOCAL_OPERATOR
from service.keys import EVERY_PROJECT, KeyOrder, NewKey
from service.records.links import key_subject
from service.rest.app import create_app
from service.settings import read_settings
from service.sources.order import SourceOrder
from service.wiring import Resources, open_resources
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_world import RdmWorld

LOCAL_TOKEN = "fml_the-token-of-the-data-folder"
ALLOY_TEXT = "# 熱処理\n\nAZ91合金は415 ℃で16時間の溶体化処理を行った。\n"
AOKI = "a-token-of-aoki"
SATO = "a-token-of-sato"
TANAKA = "a-token-of-tanaka"
TOP_TEXT = "# 疲労試験\n\n鋼の疲労限度は 320 MPa であった。\n"
PART_TEXT = "# 破面観察\n\n破面にはストライエーションが見られた。\n"
VEDA_TEXT = "# Notes\n\nThe hymn to Agni opens the first book.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`alloy`, `veda`, `rdm-top01` and its component `rdm-part1` are indexed.

    `alloy` has a PDF that breaks off. In RDM, 青木 (`AOKI`) is an administrator of `top01`, 佐藤
    (`SATO`) reads it, but not the component; 田中 (`TANAKA`) reads neither.
    """

    resources: Resources
    app: FastAPI
    root: Path
    rdm: RdmStandIn

    def client(self, secret: str | None) -> httpx2.AsyncClient:
        return client_of(self.app, secret)

    async def key(
        self,
        *scopes: Scope,
        projects: Sequence[str] = (EVERY_PROJECT,),
        expires_at: datetime | None = None,
    ) -> NewKey:
        order = KeyOrder(
            name="a test's key",
            principal_id="tester",
            scopes=frozenset(scopes) or ALL_SCOPES,
            projects=projects,
            expires_at=expires_at,
        )
        return await self.resources.records.keys.create(order)

    async def linked_key(self, token: str, *, projects: Sequence[str] = (EVERY_PROJECT,)) -> NewKey:
        """Make a key with every scope, and link an account of RDM to it."""
        made = await self.key(projects=projects)
        subject = key_subject(made.info.id)
        await self.resources.records.links.link(subject, "rdm", SecretStr(token))
        return made


def client_of(app: ASGIApp, secret: str | None) -> httpx2.AsyncClient:
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://localhost", headers=headers
    )


@asynccontextmanager
async def open_world(folder: Path) -> AsyncGenerator[World]:
    root = folder / "projects"
    for project, name, text in (
        ("alloy", "熱処理.md", ALLOY_TEXT),
        ("alloy", "broken.pdf", "%PDF-1.7 and no more"),
        ("veda", "notes.md", VEDA_TEXT),
    ):
        (root / project).mkdir(parents=True, exist_ok=True)
        (root / project / name).write_text(text, encoding="utf-8")
    async with serve_rdm(_rdm_world()) as rdm:
        settings = read_settings(
            data_folder=folder / "data",
            embedding={"kind": "hash"},
            folder_roots=(root,),
            rdm=_quick(rdm.settings_of(AOKI)),
            token_keys=(b"k" * 32,),
        )
        async with open_resources(settings) as resources, resources.jobs.working():
            for project in ("alloy", "veda"):
                await add(resources, SourceOrder(location=str(root / project), project_id=project))
            await add(resources, SourceOrder(location="rdm:top01"))
            app = create_app(resources, local_token=LOCAL_TOKEN)
            yield World(resources=resources, app=app, root=root, rdm=rdm)


def _rdm_world() -> RdmWorld:
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=AOKI)
    world.add_user("u2sat", "佐藤 次郎", token=SATO)
    world.add_user("u3tan", "田中 三郎", token=TANAKA)
    world.add_node("top01", title="鋼の疲労")
    world.add_node("part1", title="破面", parent="top01")
    world.grant("u1aok", "top01", "admin")
    world.grant("u2sat", "top01", "read")
    world.put("top01", "/疲労試験.md", TOP_TEXT.encode())
    world.put("part1", "/破面観察.md", PART_TEXT.encode())
    return world


def _quick(settings: RdmSettings) -> RdmSettings:
    """Leave out the pauses that keep below RDM's throttle."""
    return settings.model_copy(update={"requests_per_second": 1_000, "tries": 1})


async def add(resources: Resources, order: SourceOrder) -> str:
    """Add a source as the operator and sync it; return its id."""
    source = await resources.sources.add(LOCAL_OPERATOR, order)
    await index(resources, source.project_id)
    return source.project_id


async def index(resources: Resources, project_id: str) -> str:
    """Sync a source to its end; return the job's id."""
    job = await resources.jobs.start(project_id, created_by="tester")
    async for news in resources.jobs.watch(job.job_id):
        assert news.status != "failed", news.error
    return job.job_id


def events_in(body: str) -> list[tuple[str, Any]]:
    """Return the names and data of server-sent events, comments left out."""
    blocks = [block.split("\n") for block in body.replace("\r\n", "\n").split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in block if ": " in line) for block in blocks]
    return [(each["event"], json.loads(each["data"])) for each in fields if "event" in each]
