"""A service over two small projects, and clients with keys for it."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from contracts.principal import ALL_SCOPES, Scope
from service.access import LOCAL_OPERATOR
from service.keys import EVERY_PROJECT, KeyOrder, NewKey
from service.rest.app import create_app
from service.settings import read_settings
from service.wiring import Resources, open_resources

LOCAL_TOKEN = "fml_the-token-of-the-data-folder"
ALLOY_TEXT = "# 熱処理\n\nAZ91合金は415 ℃で16時間の溶体化処理を行った。\n"
VEDA_TEXT = "# Notes\n\nThe hymn to Agni opens the first book.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`alloy` and `veda` are indexed; `alloy` has a PDF that breaks off."""

    resources: Resources
    app: FastAPI
    root: Path

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
    settings = read_settings(
        data_folder=folder / "data", embedding={"kind": "hash"}, folder_roots=(root,)
    )
    async with open_resources(settings) as resources, resources.jobs.working():
        for project in ("alloy", "veda"):
            await resources.folders.add(LOCAL_OPERATOR, str(root / project), project_id=project)
            await index(resources, project)
        app = create_app(resources, local_token=LOCAL_TOKEN)
        yield World(resources=resources, app=app, root=root)


async def index(resources: Resources, project_id: str) -> str:
    """Index a project to its end; return the job's id."""
    job = await resources.jobs.start(project_id, created_by="tester")
    async for news in resources.jobs.watch(job.job_id):
        assert news.status != "failed", news.error
    return job.job_id


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[str]:
    """Serve on a free port of loopback, where connections wait from the start; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def events_in(body: str) -> list[tuple[str, Any]]:
    """Return the names and data of server-sent events, comments left out."""
    blocks = [block.split("\n") for block in body.replace("\r\n", "\n").split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in block if ": " in line) for block in blocks]
    return [(each["event"], json.loads(each["data"])) for each in fields if "event" in each]
