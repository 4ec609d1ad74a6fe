"""A service's syncing half over a stand-in for RDM: what was asked, read, embedded, and is kept."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from agents.sources import JobInfo
from connectors.rdm.client import open_rdm
from connectors.rdm.models import Account
from connectors.rdm.retry import REAL_TIME, Timing
from connectors.rdm.settings import InstanceName, RdmSettings
from rag.access import whole_project
from rag.indexer import Indexer
from rag.store.edge import EdgeStore
from service.access.links import Links
from service.access.recorded import LOCAL_OPERATOR
from service.access.token_vault import TokenVault
from service.jobs import Jobs, SyncOfSource
from service.rdm_sessions import RdmSessions
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.jobs import JobRecords
from service.records.links import LinkRecords
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from service.request_budgets import RequestBudgets
from service.sources.node_sync import NodeSync
from service.sources.order import SourceOrder
from service.sources.registry import Sources
from service.sources.sessions import SourceSessions
from service.sources.sync import Syncs
from service.sources.tree_sync import TreeSync
from tests.rag.indexing import FlakyEmbedder, PlainTextParser, open_store
from tests.servers.rdm import Call, RdmStandIn, serve_rdm
from tests.servers.rdm_world import RdmWorld

TOKEN = "aokis-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class RdmShop:
    """`abc12` (金属) is Aoki's project in RDM; she is whom the service's own token belongs to."""

    rdm: RdmStandIn
    database: Database
    store: EdgeStore
    embedder: FlakyEmbedder
    parser: PlainTextParser
    sources: Sources
    jobs: Jobs

    @property
    def world(self) -> RdmWorld:
        return self.rdm.world

    @property
    def projects(self) -> ProjectRecords:
        return self.sources.projects

    def another_process(self) -> Jobs:
        """The same database and store; what the first one knows is not shared."""
        return _jobs(self.database, self.jobs.syncs)

    async def add(self, order: SourceOrder | None = None) -> ProjectRecord:
        return await self.sources.add(LOCAL_OPERATOR, order or SourceOrder(location="rdm:abc12"))

    async def sync(self, source_id: str = "rdm-abc12") -> JobInfo:
        """Sync to the end, and forget what was asked, read and embedded before."""
        self.forget_what_was_asked()
        job = await self.jobs.start(source_id, created_by="test")
        await self.jobs.run(job.job_id)
        return await self.jobs.find(job.job_id)

    def forget_what_was_asked(self) -> None:
        self.rdm.calls.clear()
        self.parser.read.clear()
        self.embedder.embedded = 0

    @property
    def asked(self) -> list[str]:
        """Paths of the API that were asked for, without the version."""
        return [call.path.removeprefix("/v2/") for call in self.rdm.calls_to("api")]

    @property
    def downloads(self) -> Sequence[Call]:
        return self.rdm.downloads

    async def indexed(self) -> dict[str, list[str]]:
        """Return the paths that are indexed of each project; the store holds no more than these."""
        files = DatabaseIndexRecords(self.database, "docs")
        found: dict[str, list[str]] = {}
        for project in await self.projects.list_records():
            records = (await files.load(project.project_id)).values()
            found[project.project_id] = [each.path for each in records if each.status == "indexed"]
            held = await self.store.count(access=whole_project(project.project_id))
            assert held == sum(each.passages for each in records)
        return found


@asynccontextmanager
async def open_rdm_shop(folder: Path, database_url: str | None = None) -> AsyncGenerator[RdmShop]:
    """Open the shop of a new stand-in, where there is nothing yet but an empty project."""
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=TOKEN)
    world.add_node("abc12", title="金属")
    world.grant("u1aok", "abc12", "admin")
    async with serve_rdm(world) as rdm:
        settings = _settings(rdm)
        async with open_shop(rdm, settings, folder, database_url=database_url) as shop:
            yield shop


@asynccontextmanager
async def open_shop(
    rdm: RdmStandIn,
    settings: RdmSettings,
    folder: Path,
    *,
    database_url: str | None = None,
    timing: Timing = REAL_TIME,
) -> AsyncGenerator[RdmShop]:
    """Open what is kept in a folder (`store`, `records.db`), of whatever stand-in."""
    store = await open_store(folder / "store")
    url = database_url or f"sqlite:///{folder / 'records.db'}"
    async with open_database(url) as database, open_rdm(settings, "rdm", timing=timing) as client:
        budgets = RequestBudgets(database=database, secret=b"secret", timing=timing)
        sessions = RdmSessions(clients={"rdm": client}, budgets=budgets)
        yield _shop(rdm, database, store, sessions)
    await store.close()


def _settings(rdm: RdmStandIn) -> RdmSettings:
    """Return the stand-in's settings, without the pauses that keep below RDM's throttle."""
    quick = {"requests_per_second": 1_000, "requests_per_day": 1_000_000, "tries": 2}
    return rdm.settings_of(TOKEN).model_copy(update=quick)


def _shop(rdm: RdmStandIn, database: Database, store: EdgeStore, sessions: RdmSessions) -> RdmShop:
    embedder, parser = FlakyEmbedder(), PlainTextParser()
    files = DatabaseIndexRecords(database, "docs")
    indexer = Indexer(store=store, embedder=embedder, parser=parser, records=files)
    links = Links(
        records=LinkRecords(database), vault=TokenVault([b"k" * 32]), ask_account=_ask_account
    )
    reading = SourceSessions(sessions=sessions, links=links)
    projects, sources = ProjectRecords(database), SourceRecords(database)
    nodes = NodeSync(projects=projects, indexer=indexer, max_file_bytes=2**20)
    syncs = Syncs(
        projects=projects,
        sources=sources,
        indexer=indexer,
        trees=TreeSync(projects=projects, nodes=nodes, sessions=reading),
        max_file_bytes=2**20,
    )
    return RdmShop(
        rdm=rdm,
        database=database,
        store=store,
        embedder=embedder,
        parser=parser,
        sources=Sources(
            records=sources,
            projects=projects,
            jobs=JobRecords(database),
            indexer=indexer,
            links=links,
            sessions=reading,
            roots=(),
        ),
        jobs=_jobs(database, syncs),
    )


async def _ask_account(instance: InstanceName, token: SecretStr) -> Account:
    assert instance == "rdm"
    assert token.get_secret_value()
    return Account(user_id="u1aok", full_name="青木 花子")


def _jobs(database: Database, syncs: SyncOfSource) -> Jobs:
    return Jobs(records=JobRecords(database), syncs=syncs, look_every_s=0.02, renew_every_s=0.02)
