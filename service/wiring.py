"""Open everything the service needs, and close it again: the one place that does."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.local_desk import LocalDesk
from agents.ports import AgentPorts
from inference.fake import HashEmbedder
from inference.local_embedder import open_local_embedder
from inference.openai_chat import open_openai_chat
from inference.openai_embedder import open_openai_embedder
from inference.tesseract import TesseractOcr, open_tesseract
from rag.answer import Answerer
from rag.indexer import Indexer
from rag.library import Library
from rag.parsing.isolated import IsolatedParser
from rag.ports import ChatModel, Embedder
from rag.search import Search
from rag.store.port import VectorStore
from service.access.links import Links
from service.access.rdm_questions import AskedRdm, account_asker
from service.access.rdm_readers import RdmReaders, open_readers
from service.access.recorded import RecordedAccess
from service.access.token_vault import TokenVault
from service.jobs import Jobs
from service.keys import Keys
from service.problems import DataFolderRefused
from service.rdm_sessions import RdmSessions, open_rdm_sessions
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.jobs import JobRecords
from service.records.links import LinkRecords
from service.records.projects import ProjectRecords
from service.records.sources import SourceRecords
from service.request_budgets import RequestBudgets
from service.settings import Settings
from service.sources.node_sync import NodeSync
from service.sources.registry import Sources
from service.sources.schedule import Schedule
from service.sources.sessions import SourceSessions
from service.sources.sync import Syncs
from service.sources.tree_sync import TreeSync
from service.sources.visible import VisibleSources

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The database alone: what managing keys needs, also beside a running service."""

    settings: Settings
    database: Database
    keys: Keys
    links: Links
    budgets: RequestBudgets
    projects: ProjectRecords
    sources: SourceRecords
    jobs: JobRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that is open while the service runs."""

    settings: Settings
    records: Records
    embedder: Embedder
    chat: ChatModel | None
    ocr: TesseractOcr | None
    store: VectorStore
    access: RecordedAccess
    desk: LocalDesk
    sources: Sources
    sources_seen: VisibleSources
    jobs: Jobs
    schedule: Schedule


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncGenerator[Records]:
    """Open the database.

    Raises:
        DataFolderRefused: the data folder cannot be made or written.
        ServiceUnreachable: the database does not answer.
    """
    secret = await asyncio.to_thread(_key_secret, settings)
    async with open_database(settings.records_url) as database:
        budgets = RequestBudgets(database=database, secret=secret)
        yield Records(
            settings=settings,
            database=database,
            keys=Keys(database=database, secret=secret),
            links=_links(settings, database, budgets),
            budgets=budgets,
            projects=ProjectRecords(database),
            sources=SourceRecords(database),
            jobs=JobRecords(database),
        )


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncGenerator[Resources]:
    """Open records, models and store; close them in reverse order, also when a later one fails.

    Raises:
        StoreLocked: another process has the embedded store.
        LocalEmbeddingMissing: no embedding model is installed, and no endpoint is set.
        ServiceUnreachable: the database or the Qdrant server does not answer.
    """
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings))
        models = _Models(
            embedder=await _open_embedder(settings, stack),
            chat=_open_chat(settings, stack),
            ocr=await open_tesseract(settings.ocr),
        )
        store = await _open_store(settings, models.embedder, stack)
        if settings.qdrant.url is None and settings.database_url is None:
            await records.jobs.release_all()  # whoever held one held the store, and is gone
        parser = await stack.enter_async_context(
            IsolatedParser(limits=settings.parsing, ocr=models.ocr)
        )
        rdm = await stack.enter_async_context(_open_rdm(records))
        yield _resources(records, models, rdm, store, parser)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Models:
    embedder: Embedder
    chat: ChatModel | None
    ocr: TesseractOcr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rdm:
    sessions: RdmSessions
    readers: RdmReaders


def _links(settings: Settings, database: Database, budgets: RequestBudgets) -> Links:
    return Links(
        records=LinkRecords(database),
        vault=TokenVault([key.get_secret_value() for key in settings.token_keys]),
        ask_account=account_asker(settings.instances, budgets),
    )


@asynccontextmanager
async def _open_rdm(records: Records) -> AsyncGenerator[_Rdm]:
    async with (
        open_rdm_sessions(records.settings.instances, records.budgets) as sessions,
        open_readers(records.links, AskedRdm(sessions)) as readers,
    ):
        yield _Rdm(sessions=sessions, readers=readers)


def _resources(
    records: Records, models: _Models, rdm: _Rdm, store: VectorStore, parser: IsolatedParser
) -> Resources:
    """Hand each part what it needs of what is open."""
    settings = records.settings
    files = DatabaseIndexRecords(records.database)
    indexer = Indexer(store=store, embedder=models.embedder, parser=parser, records=files)
    access = _access(records, rdm.readers)
    reading = SourceSessions(sessions=rdm.sessions, links=records.links)
    jobs = Jobs(records=records.jobs, syncs=_syncs(records, indexer, reading))
    sources = _sources(records, indexer, reading)
    sources_seen = VisibleSources(
        access=access,
        projects=records.projects,
        schedules=records.sources,
        files=files,
        sources=sources,
        jobs=jobs,
    )
    return Resources(
        settings=settings,
        records=records,
        embedder=models.embedder,
        chat=models.chat,
        ocr=models.ocr,
        store=store,
        access=access,
        desk=LocalDesk(
            library=_library(models, store, files, access),
            ports=AgentPorts(settings=settings.agents, chat=models.chat, ocr=models.ocr),
            sources=sources_seen,
        ),
        sources=sources,
        sources_seen=sources_seen,
        jobs=jobs,
        schedule=Schedule(sources=records.sources, default_every_s=settings.sync_every_s),
    )


def _access(records: Records, readers: RdmReaders) -> RecordedAccess:
    return RecordedAccess(
        projects=records.projects, keys=records.keys, links=records.links.records, readers=readers
    )


def _syncs(records: Records, indexer: Indexer, reading: SourceSessions) -> Syncs:
    limit = records.settings.max_file_bytes
    nodes = NodeSync(projects=records.projects, indexer=indexer, max_file_bytes=limit)
    return Syncs(
        projects=records.projects,
        sources=records.sources,
        indexer=indexer,
        trees=TreeSync(projects=records.projects, nodes=nodes, sessions=reading),
        max_file_bytes=limit,
    )


def _sources(records: Records, indexer: Indexer, reading: SourceSessions) -> Sources:
    return Sources(
        records=records.sources,
        projects=records.projects,
        jobs=records.jobs,
        indexer=indexer,
        links=records.links,
        sessions=reading,
        roots=records.settings.folder_roots,
        mounted_node=records.settings.rdm_node_id,
    )


def _library(
    models: _Models, store: VectorStore, files: DatabaseIndexRecords, access: RecordedAccess
) -> Library:
    searcher = Search(embedder=models.embedder, store=store, access=access)
    return Library(
        searcher=searcher,
        answerer=Answerer(search=searcher, chat=models.chat),
        store=store,
        records=files,
        access=access,
    )


async def _open_embedder(settings: Settings, stack: AsyncExitStack) -> Embedder:
    match settings.embedding.runs:
        case "hash":
            return HashEmbedder()
        case "local":
            return await asyncio.to_thread(open_local_embedder, settings.cache_folder)
        case "endpoint":
            remote = open_openai_embedder(settings.embedding)
            stack.push_async_callback(remote.aclose)
            return remote


async def _open_store(settings: Settings, embedder: Embedder, stack: AsyncExitStack) -> VectorStore:
    """Load only the engine that is used: each takes its time to import."""
    store: VectorStore
    if settings.qdrant.url is None:
        from rag.store.edge import EdgeStore  # noqa: PLC0415 - see the docstring

        store = await EdgeStore.open(
            settings.store_folder, model=embedder.model, dimensions=embedder.dimensions
        )
    else:
        from rag.store.server import ServerStore  # noqa: PLC0415 - see the docstring

        key = settings.qdrant.api_key
        store = await ServerStore.open(
            str(settings.qdrant.url),
            key.get_secret_value() if key else None,
            model=embedder.model,
            dimensions=embedder.dimensions,
        )
    stack.push_async_callback(store.close)
    return store


def _open_chat(settings: Settings, stack: AsyncExitStack) -> ChatModel | None:
    if settings.chat.base_url is None:
        return None
    chat = open_openai_chat(settings.chat)
    stack.push_async_callback(chat.aclose)
    return chat


def _key_secret(settings: Settings) -> bytes:
    """Return the secret of the settings, or the data folder's own, made on first use."""
    try:
        settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if settings.key_secret is not None:
            return settings.key_secret.get_secret_value().encode()
        return _kept_secret(settings.data_folder / "key_secret")
    except OSError as error:
        raise DataFolderRefused(str(settings.data_folder), reason=str(error.strerror)) from error


def _kept_secret(path: Path) -> bytes:
    """Write the whole secret aside and link it in place: of two processes, one wins."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:  # it was made before, which is the usual case
        pass
    finally:
        aside.unlink()
    return path.read_bytes()
