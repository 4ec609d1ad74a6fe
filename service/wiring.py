"""Open everything the service needs, and close it again: the one place that does."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agents.local_desk import LocalDesk
from agents.ports import AgentPorts
from inference.tesseract import TesseractOcr
from rag.answer import Answerer
from rag.indexer import Indexer
from rag.ingest import Ingest
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
from service.generations.active import ActiveIndexer, ActiveLibrary
from service.generations.opened import Generations, OpenGeneration, opened
from service.generations.reembedding import Reembedding
from service.generations.state import Collection
from service.jobs import Jobs
from service.keys import Keys
from service.models import Models, open_models
from service.problems import DataFolderRefused
from service.rdm_sessions import RdmSessions, open_rdm_sessions
from service.reading import ReaderFor, open_reading
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.generations import GenerationRecords
from service.records.jobs import JobRecords
from service.records.links import LinkRecords
from service.records.projects import ProjectRecords
from service.records.sources import SourceRecords
from service.request_budgets import RequestBudgets
from service.settings import Settings
from service.sources.indexing import Indexing
from service.sources.node_sync import NodeSync
from service.sources.registry import Sources
from service.sources.schedule import Schedule
from service.sources.sessions import SourceSessions
from service.sources.sync import Syncs
from service.sources.tree_sync import TreeSync
from service.sources.visible import VisibleSources
from service.stores import Stores, open_stores

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
    generations: GenerationRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Everything that is open while the service runs."""

    settings: Settings
    records: Records
    generations: Generations
    chat: ChatModel | None
    ocr: TesseractOcr | None
    access: RecordedAccess
    desk: LocalDesk
    sources: Sources
    sources_seen: VisibleSources
    jobs: Jobs
    schedule: Schedule
    reembedding: Reembedding

    @property
    def embedder(self) -> Embedder:
        """The model of what answers now."""
        return self.generations.active.embedder

    @property
    def store(self) -> VectorStore:
        """The store of what answers now."""
        return self.generations.active.store


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
            generations=GenerationRecords(database),
        )


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncGenerator[Resources]:
    """Open records, models and store; close them in reverse order, also when a later one fails.

    Raises:
        StoreLocked: another process has the embedded store.
        ActiveModelMissing: the index was made by a model that is not configured.
        LocalEmbeddingMissing: no embedding model is installed, and no endpoint is set.
        ServiceUnreachable: the database or the Qdrant server does not answer.
    """
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings))
        stores = stack.enter_context(open_stores(settings))
        if stores.lock is not None and settings.database_url is None:
            await records.jobs.release_all()  # whoever held one held the store, and is gone
            await records.generations.release_all()
        models = await open_models(settings, stack)
        parser = await stack.enter_async_context(
            IsolatedParser(limits=settings.parsing, ocr=models.ocr)
        )
        rdm = await stack.enter_async_context(_open_rdm(records))
        access = _access(records, rdm.readers)
        library = _Library(
            records=records,
            models=models,
            parser=parser,
            access=access,
            stores=stores,
            reader_for=await stack.enter_async_context(open_reading(settings)),
        )
        generations = Generations(
            records=records.generations,
            embedders=models.embedders,
            open_one=partial(_open_generation, library),
        )
        await stack.enter_async_context(opened(generations))
        yield _resources(library, rdm, generations)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rdm:
    sessions: RdmSessions
    readers: RdmReaders


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """What every generation is opened with."""

    records: Records
    models: Models
    parser: IsolatedParser
    access: RecordedAccess
    stores: Stores
    reader_for: ReaderFor


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


def _resources(library: _Library, rdm: _Rdm, generations: Generations) -> Resources:
    """Hand each part what it needs of what is open."""
    records, models, access = library.records, library.models, library.access
    settings = records.settings
    indexer = ActiveIndexer(generations)
    reading = SourceSessions(sessions=rdm.sessions, links=records.links)
    jobs = Jobs(records=records.jobs, syncs=_syncs(records, indexer, reading))
    sources = _sources(records, indexer, reading)
    sources_seen = VisibleSources(
        access=access,
        projects=records.projects,
        schedules=records.sources,
        indexing=indexer,
        sources=sources,
        jobs=jobs,
    )
    return Resources(
        settings=settings,
        records=records,
        generations=generations,
        chat=models.chat,
        ocr=models.ocr,
        access=access,
        desk=LocalDesk(
            library=ActiveLibrary(generations),
            ports=AgentPorts(settings=settings.agents, chat=models.chat, ocr=models.ocr),
            sources=sources_seen,
        ),
        sources=sources,
        sources_seen=sources_seen,
        jobs=jobs,
        schedule=Schedule(sources=records.sources, default_every_s=settings.sync_every_s),
        reembedding=Reembedding(
            records=records.generations,
            generations=generations,
            projects=records.projects,
            remove_collection=library.stores.remove,
        ),
    )


def _access(records: Records, readers: RdmReaders) -> RecordedAccess:
    return RecordedAccess(projects=records.projects, keys=records.keys, readers=readers)


def _syncs(records: Records, indexer: Indexing, reading: SourceSessions) -> Syncs:
    limit = records.settings.max_file_bytes
    nodes = NodeSync(projects=records.projects, indexer=indexer, max_file_bytes=limit)
    return Syncs(
        projects=records.projects,
        sources=records.sources,
        indexer=indexer,
        trees=TreeSync(projects=records.projects, nodes=nodes, sessions=reading),
        max_file_bytes=limit,
    )


def _sources(records: Records, indexer: Indexing, reading: SourceSessions) -> Sources:
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


async def _open_generation(
    library: _Library, collection: Collection, stack: AsyncExitStack
) -> OpenGeneration:
    """Open the store of a model, and what works on it."""
    embedder = library.models.embedders[collection]
    store = await library.stores.open(embedder)
    stack.push_async_callback(store.close)
    files = DatabaseIndexRecords(library.records.database, collection.name)
    searcher = Search(
        embedder=embedder,
        store=store,
        access=library.access,
        reranker=library.models.reranker(embedder, store),
    )
    return OpenGeneration(
        collection=collection,
        embedder=embedder,
        store=store,
        records=files,
        indexer=Indexer(
            store=store,
            embedder=embedder,
            parser=library.parser,
            records=files,
            reader=library.reader_for(Ingest(parser=library.parser, embedder=embedder)),
        ),
        library=Library(
            searcher=searcher,
            answerer=Answerer(search=searcher, chat=library.models.chat),
            store=store,
            records=files,
            access=library.access,
        ),
    )


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
