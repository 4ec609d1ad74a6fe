"""Sync a project of RDM into a folder, and say so before each write."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from agents.sources import JobInfo
from connectors.rdm.models import Account
from connectors.rdm.settings import InstanceName, RdmSettings
from inference.fake import HashEmbedder
from rag.indexer import Indexer
from rag.store.edge import EdgeStore
from service.access.links import Links
from service.access.token_vault import TokenVault
from service.jobs import Jobs
from service.rdm_sessions import RdmSessions, open_rdm_sessions
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.jobs import JobRecords
from service.records.links import LinkRecords
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from service.request_budgets import RequestBudgets
from service.sources.node_sync import NodeSync
from service.sources.sessions import SourceSessions
from service.sources.sync import Syncs
from service.sources.tree_sync import TreeSync
from tests.rag.indexing import PlainTextParser
from tests.service.forked import Say
from tests.service.talking import TalkingDatabase, TalkingStore

NODE = "abc12"
SOURCE_ID = f"rdm-{NODE}"


async def sync(home: Path, settings: RdmSettings, say: Say) -> JobInfo:
    """Make the index inside `home` equal to the project, as a process does that has just begun."""
    async with (
        _open_store(home, say) as store,
        open_database(database_url(home)) as opened,
        _open_sessions(TalkingDatabase(opened, say), settings) as sessions,
    ):
        database = TalkingDatabase(opened, say)
        await JobRecords(database).release_all()
        if await ProjectRecords(database).find(SOURCE_ID) is None:
            await SourceRecords(database).add(_source())
        jobs = Jobs(records=JobRecords(database), syncs=_syncs(database, store, sessions))
        job = await jobs.start(SOURCE_ID, created_by="test")
        await jobs.run(job.job_id)
        return await jobs.find(job.job_id)


def database_url(home: Path) -> str:
    return f"sqlite:///{home / 'records.db'}"


@asynccontextmanager
async def _open_store(home: Path, say: Say) -> AsyncGenerator[EdgeStore]:
    embedder = HashEmbedder()
    store = await TalkingStore.open(
        home / "store", model=embedder.model, dimensions=embedder.dimensions
    )
    store.say = say
    yield store
    await store.close()


@asynccontextmanager
async def _open_sessions(
    database: Database, settings: RdmSettings
) -> AsyncGenerator[SourceSessions]:
    budgets = RequestBudgets(database=database, secret=b"secret")
    # Without the pauses that keep below RDM's throttle, and without waiting for who is away.
    quick = settings.model_copy(
        update={"requests_per_second": 1_000, "requests_per_day": 1_000_000, "tries": 2}
    )
    async with open_rdm_sessions({"rdm": quick}, budgets) as sessions:
        yield _source_sessions(database, sessions)


def _source_sessions(database: Database, sessions: RdmSessions) -> SourceSessions:
    vault = TokenVault([b"k" * 32])
    links = Links(records=LinkRecords(database), vault=vault, ask_account=_no_account)
    return SourceSessions(sessions=sessions, links=links)


async def _no_account(instance: InstanceName, token: SecretStr) -> Account:
    raise AssertionError(f"nobody links a token here: {instance}, {token}")


def _syncs(database: Database, store: EdgeStore, sessions: SourceSessions) -> Syncs:
    projects, limit = ProjectRecords(database), 2**20
    indexer = Indexer(
        store=store,
        embedder=HashEmbedder(),
        parser=PlainTextParser(),
        records=DatabaseIndexRecords(database, "docs"),
    )
    nodes = NodeSync(projects=projects, indexer=indexer, max_file_bytes=limit)
    return Syncs(
        projects=projects,
        sources=SourceRecords(database),
        indexer=indexer,
        trees=TreeSync(projects=projects, nodes=nodes, sessions=sessions),
        max_file_bytes=limit,
    )


def _source() -> ProjectRecord:
    return ProjectRecord(
        project_id=SOURCE_ID,
        title="金属",
        kind="rdm",
        location=f"rdm:{NODE}",
        created_by="test",
        created_at=datetime.now(UTC),
        instance="rdm",
        node=NODE,
    )
