"""The service as it is wired, before a stand-in for RDM, with a clock and a fuse of the test's."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
from pydantic import SecretStr

from agents.sources import JobInfo
from contracts.principal import ALL_SCOPES
from mcp_server.http import open_http
from rag.models import SearchRequest
from service.access.rdm_readers import MAX_AGE_S, open_readers
from service.access.recorded import LOCAL_OPERATOR, RecordedAccess
from service.jobs import Jobs
from service.keys import EVERY_PROJECT, KeyOrder, NewKey
from service.records.jobs import JobRecords
from service.rest.app import create_app
from service.rest.auth import authenticator
from service.settings import Settings, read_settings
from service.sources.order import SourceOrder
from service.sources.sync import Syncs
from service.wiring import Resources, open_resources
from tests.acl.fuse import Fuse, FusedFiles, FusedProjects, FusedStore
from tests.acl.model import Shelf
from tests.servers.rdm import RdmStandIn

WORD: Final = "石英"
"""In every text."""
HALL: Final = "hall"
"""A folder that every key was granted."""
HALL_TEXT: Final = f"{WORD} canaryhall"
SERVICE_TOKEN: Final = "token-keeper"
CANARY: Final = re.compile(r"canary\w+")


@dataclass
class Clock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What is put in the place of the real thing: nothing, unless a test breaks it on purpose."""

    access: Callable[[RecordedAccess], RecordedAccess] = lambda access: access
    max_age_s: float = MAX_AGE_S


@dataclass(frozen=True, slots=True)
class _Killed(JobRecords):
    """The records as a process leaves them that is killed: it puts no job back."""

    async def release(self, job_id: str, owner: str) -> bool:
        return not (job_id and owner)


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything that is open, and what the machine does to it."""

    resources: Resources
    jobs: Jobs
    web: httpx2.AsyncClient
    """REST, and MCP at `/mcp`."""
    fuse: Fuse = field(default_factory=Fuse)

    async def key(self, projects: Sequence[str] = (EVERY_PROJECT,)) -> NewKey:
        order = KeyOrder(name="key", principal_id="person", scopes=ALL_SCOPES, projects=projects)
        return await self.resources.records.keys.create(order)

    async def add(
        self, location: str, token: str | None = None, *, named: str | None = None
    ) -> None:
        secret = None if token is None else SecretStr(token)
        order = SourceOrder(location=location, token=secret, project_id=named)
        await self.resources.sources.add(LOCAL_OPERATOR, order)

    async def remove(self, source_id: str) -> None:
        await self.resources.sources.remove(LOCAL_OPERATOR, source_id)

    async def sync(self, source_id: str) -> JobInfo:
        job = await self.jobs.start(source_id, created_by="machine")
        await self.jobs.run(job.job_id)
        return await self.jobs.find(job.job_id)

    async def crash(self, source_id: str, *, after_writes: int, is_killed: bool) -> JobInfo:
        """Stop a sync before one of its writes, or let it end if it has fewer."""
        records = _Killed(self.jobs.records.database) if is_killed else self.jobs.records
        jobs = replace(self.jobs, records=records, owner=str(uuid4()))
        job = await jobs.start(source_id, created_by="machine")
        self.fuse.set_to(after_writes)
        running = asyncio.create_task(jobs.run(job.job_id))
        blown = asyncio.create_task(self.fuse.blown.wait())
        await asyncio.wait({running, blown}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        blown.cancel()
        await asyncio.gather(running, blown, return_exceptions=True)
        self.fuse.set_to(float("inf"))
        return await self.jobs.find(job.job_id)

    async def shelves(self) -> dict[str, Shelf]:
        """Return what is indexed of each node, as the operator finds it."""
        everything = SearchRequest(query=WORD, limit=100)
        hits = (await self.resources.desk.search(LOCAL_OPERATOR, everything)).hits
        records = await self.resources.records.projects.list_records()
        return {
            record.node: Shelf(
                frozenset(
                    (hit.path, canary)
                    for hit in hits
                    if hit.project_id == record.project_id
                    for canary in CANARY.findall(hit.text)
                ),
                record.is_public,
            )
            for record in records
            if record.node is not None and not record.gone
        }


@asynccontextmanager
async def open_house(
    folder: Path, rdm: RdmStandIn, clock: Clock, wiring: Wiring
) -> AsyncGenerator[House]:
    """Open the service on a folder as it was left there."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_resources(_settings(folder, rdm)))
        links, questions = opened.records.links, opened.access.readers.questions
        readers = await stack.enter_async_context(
            open_readers(links, questions, clock=clock, max_age_s=wiring.max_age_s)
        )
        access = wiring.access(replace(opened.access, readers=readers))
        resources = _with_access(opened, access)
        door = authenticator(resources.records.keys, local_token=None)
        mcp = await stack.enter_async_context(
            open_http(resources.desk, door, allowed_hosts=["localhost"])
        )
        app = create_app(resources, mounts={"/mcp": mcp})
        web = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://localhost", trust_env=False
        )
        fuse = Fuse()
        yield House(
            resources=resources,
            jobs=_fused(resources, fuse),
            web=await stack.enter_async_context(web),
            fuse=fuse,
        )


def _settings(folder: Path, rdm: RdmStandIn) -> Settings:
    """Return the usual settings, without the pauses that keep below RDM's throttle."""
    quick = {"requests_per_second": 1_000, "requests_per_day": 10**9, "tries": 1}
    return read_settings(
        data_folder=folder,
        embedding={"kind": "hash"},
        rdm=rdm.settings_of(SERVICE_TOKEN).model_copy(update=quick),
        token_keys=(b"k" * 32,),
    )


def _with_access(opened: Resources, access: RecordedAccess) -> Resources:
    """Hand this access to everybody who asks who may read."""
    library = opened.generations.active.library
    searcher = replace(library.searcher, access=access)
    answerer = replace(library.answerer, search=searcher)
    library = replace(library, searcher=searcher, answerer=answerer, access=access)
    seen = replace(opened.sources_seen, access=access)
    desk = replace(opened.desk, library=library, sources=seen)
    return replace(opened, access=access, sources_seen=seen, desk=desk)


def _fused(opened: Resources, fuse: Fuse) -> Jobs:
    """Put the fuse before every write of a sync."""
    syncs = opened.jobs.syncs
    assert isinstance(syncs, Syncs)
    database = opened.records.database
    projects = FusedProjects(database, fuse)
    active = opened.generations.active
    indexer = replace(
        active.indexer,
        store=FusedStore(active.store, fuse),
        records=FusedFiles(database, active.collection.name, fuse),
    )
    nodes = replace(syncs.trees.nodes, projects=projects, indexer=indexer)
    trees = replace(syncs.trees, projects=projects, nodes=nodes)
    fused = replace(syncs, projects=projects, indexer=indexer, trees=trees)
    return replace(opened.jobs, syncs=fused)
