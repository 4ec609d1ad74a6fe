"""A library of two small projects, and desks that stand before it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agents.local_desk import LocalDesk
from agents.ports import AgentPorts
from agents.settings import AgentSettings
from agents.sources import JobInfo, SourceInfo, SourceStatus
from contracts.principal import Principal
from contracts.problems import NotAllowed
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.lexical import encode_document
from rag.library import Library
from rag.models import Anchor, Answer, AskRequest, IndexReport, ProjectList
from rag.passages import StoredPassage
from rag.problems import ProjectUnknown
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import Point
from tests.rag.shelves import Grants, MemoryRecords

AOKI = Principal(id="aoki", name="青木", scopes=frozenset({"read", "agents", "index"}))
SATO = Principal(id="sato", name="佐藤", scopes=frozenset({"read", "agents", "index"}))
NOBODY = Principal(id="aoki", name="青木", scopes=frozenset())
TEXTS = {
    "alloy": (
        "AZ91合金の溶体化処理は413℃で16時間行った。",
        "その後、水冷した。",
        "The tensile strength was 230 MPa.",
    ),
    "veda": ("リグヴェーダの最初の讃歌は火の神アグニに捧げられている。",),
}


@dataclass(frozen=True, slots=True)
class SmallKeeper:
    """Implements `agents.sources.SourceKeeper`: a sync is done as soon as it is asked for."""

    access: Grants
    synced: dict[str, JobInfo] = field(default_factory=dict[str, JobInfo])

    async def sync(self, principal: Principal, source_id: str) -> JobInfo:
        await self._require(principal, source_id)
        report = IndexReport(project_id=source_id, stage="done", seen=1, unchanged=1)
        self.synced[source_id] = JobInfo(
            job_id=f"job-of-{source_id}",
            project_id=source_id,
            status="done",
            report=report,
            attempt=1,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        return self.synced[source_id]

    async def status(self, principal: Principal, source_id: str) -> SourceStatus:
        await self._require(principal, source_id)
        source = SourceInfo(
            source_id=source_id, title=source_id.title(), kind="rdm", location=f"rdm:{source_id}"
        )
        return SourceStatus(source=source, projects=[], last_job=self.synced.get(source_id))

    async def _require(self, principal: Principal, source_id: str) -> None:
        if "index" not in principal.scopes:
            raise NotAllowed("index")
        if not await self.access.readable_projects(principal, [source_id]):
            raise ProjectUnknown(source_id)


@asynccontextmanager
async def open_small_desk(folder: Path) -> AsyncGenerator[LocalDesk]:
    """青木 may read the project `alloy`, 佐藤 the project `veda`."""
    embedder = HashEmbedder()
    store = await EdgeStore.open(folder, model=embedder.model, dimensions=embedder.dimensions)
    try:
        for project in TEXTS:
            await store.upsert(await _points(project, embedder))
        access = Grants({"aoki": ("alloy",), "sato": ("veda",)})
        search = Search(embedder=embedder, store=store, access=access)
        library = Library(
            searcher=search,
            answerer=Answerer(search=search, chat=None),
            store=store,
            records=MemoryRecords(),
            access=access,
        )
        yield LocalDesk(
            library=library,
            ports=AgentPorts(settings=AgentSettings(), chat=None, ocr=None),
            sources=SmallKeeper(access),
        )
    finally:
        await store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDesk(LocalDesk):
    """Never finishes an answer; tells when it began and when it was stopped."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        raise AssertionError(principal, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenDesk(LocalDesk):
    """Has a bug, whose messages quote what was asked."""

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        try:
            raise BaseExceptionGroup("parts", [KeyError(request.question)])
        except BaseExceptionGroup as error:
            raise ValueError(principal.id, request.question) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ChattyDesk(LocalDesk):
    """Prints while it works, and so does the child that it starts."""

    async def list_projects(self, principal: Principal) -> ProjectList:
        sys.stdout.write("noise of the process\n")
        sys.stdout.flush()
        await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", "print('noise of a child')"], check=True
        )
        return await LocalDesk.list_projects(self, principal)


async def _points(project: str, embedder: HashEmbedder) -> list[Point]:
    passages = [_passage(project, ordinal, text) for ordinal, text in enumerate(TEXTS[project])]
    vectors = await embedder.embed_documents([passage.text for passage in passages])
    return [
        Point(
            id=passage.id,
            dense=vector.dense,
            sparse=encode_document(passage.text),
            payload=passage.payload(),
        )
        for passage, vector in zip(passages, vectors, strict=True)
    ]


def _passage(project: str, ordinal: int, text: str) -> StoredPassage:
    return StoredPassage(
        project_id=project,
        file_id="notes",
        version="1",
        ordinal=ordinal,
        total=len(TEXTS[project]),
        path="notes.pdf",
        title="Notes",
        anchor=Anchor(page=ordinal + 1),
        kind="text",
        language="ja",
        text=text,
        embedding_model=HashEmbedder().model,
    )
