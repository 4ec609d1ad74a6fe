"""A library of two small projects, and desks that stand before it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agents.local_desk import LocalDesk
from agents.ports import AgentPorts
from agents.settings import AgentSettings
from contracts.principal import Principal
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.lexical import encode_document
from rag.library import Library
from rag.models import Anchor, Answer, AskRequest, ProjectList
from rag.passages import StoredPassage
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import Point
from tests.rag.shelves import Grants, MemoryRecords

AOKI = Principal(id="aoki", name="青木", scopes=frozenset({"read", "agents"}))
SATO = Principal(id="sato", name="佐藤", scopes=frozenset({"read", "agents"}))
NOBODY = Principal(id="aoki", name="青木", scopes=frozenset())
TEXTS = {
    "alloy": (
        "AZ91合金の溶体化処理は413℃で16時間行った。",
        "その後、水冷した。",
        "The tensile strength was 230 MPa.",
    ),
    "veda": ("リグヴェーダの最初の讃歌は火の神アグニに捧げられている。",),
}


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
            library=library, ports=AgentPorts(settings=AgentSettings(), chat=None, ocr=None)
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
            dense=vector,
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
