"""An installation with two models: its index, its syncs, and the move from one to the other."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from contracts.principal import ALL_SCOPES, Principal
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.indexer import Indexer
from rag.library import Library
from rag.models import Hit, SearchRequest
from rag.ports import Embedder
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.lock import FolderLock
from rag.store.port import VectorStore
from rag.store.removal import remove_folder
from rag.store.schema import collection_name
from service.generations.active import ActiveIndexer, ActiveLibrary
from service.generations.choosing import Order
from service.generations.opened import Generations, OpenGeneration, opened
from service.generations.reembedding import Reembedding, RemoveCollection
from service.generations.state import Collection, ReembeddingState, Stage
from service.jobs import Jobs
from service.records.database import Database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.generations import GenerationRecords
from service.records.jobs import JobRecords
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from tests.rag.indexing import PlainTextParser
from tests.rag.shelves import Grants
from tests.service.folder_syncs import FolderSyncs

OPERATOR: Final = Principal(id="aoki", name="aoki", scopes=ALL_SCOPES)
PROJECTS: Final = ("alloy", "steel")
OLD: Final = HashEmbedder(64)
NEW: Final = HashEmbedder(32)
_SOON_S: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a process of the service has open."""

    database: Database
    generations: Generations
    jobs: Jobs
    reembedding: Reembedding

    @property
    def library(self) -> ActiveLibrary:
        return ActiveLibrary(self.generations)

    def another_process(self) -> "Installation":
        """The same database and stores; what the first one knows is not shared."""
        generations = Generations(
            records=self.generations.records,
            embedders=self.generations.embedders,
            open_one=lambda collection, _: self.generations.open(collection),
        )
        return _installation(self.database, generations, self.reembedding.remove_collection)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Sync and move in the background."""
        async with self.jobs.working(), self.reembedding.working():
            yield

    async def add(self, folder: Path, project_id: str = "alloy") -> None:
        """Make a folder a source, if it is none."""
        project = ProjectRecord(
            project_id=project_id,
            title=project_id,
            location=str(folder),
            created_by="test",
            created_at=datetime.now(UTC),
        )
        await SourceRecords(self.database).add(project)

    async def sync(self, project_id: str = "alloy") -> None:
        """Sync to the end; somebody has to be at work."""
        job = await self.jobs.start(project_id, created_by="test")
        states = [each async for each in self.jobs.watch(job.job_id)]
        assert (states[-1].status, states[-1].error) == ("done", None)

    async def carry_out(self, order: Order) -> ReembeddingState:
        """Give an order and wait for its end; somebody has to be at work."""
        await self.reembedding.order(OPERATOR, order)
        return await self.rest()

    async def rest(self) -> ReembeddingState:
        """Wait until the move rests, and see what answers then."""
        while not (state := await self.generations.state()).rests:
            pass  # others work while the database is asked
        await self.generations.refresh()
        return state

    async def reach(self, stage: Stage) -> None:
        """Wait until the move is at a stage."""
        while (await self.generations.state()).stage != stage:
            pass  # as above

    async def search(self, query: str) -> list[Hit]:
        """Return the hits, which all come from one model."""
        answer = await self.library.search(OPERATOR, SearchRequest(query=query, limit=50))
        assert len({hit.embedding_model for hit in answer.hits}) <= 1
        return answer.hits


@asynccontextmanager
async def open_installation(
    home: Path,
    *,
    models: Sequence[Embedder] = (OLD, NEW),
    database_url: str | None = None,
    store: type[EdgeStore] = EdgeStore,
    wrapped: Callable[[Database], Database] = lambda database: database,
) -> AsyncGenerator[Installation]:
    """Open what is kept in a folder (`store`, `records.db`), as a process does that has begun."""
    async with AsyncExitStack() as stack:
        url = database_url or f"sqlite:///{home / 'records.db'}"
        database = wrapped(await stack.enter_async_context(open_database(url)))
        await JobRecords(database).release_all()
        await GenerationRecords(database).release_all()
        opener = _Opener(home / "store", stack, store, database, _embedders(models))
        generations = Generations(
            records=GenerationRecords(database), embedders=opener.embedders, open_one=opener.open
        )
        await stack.enter_async_context(opened(generations))
        yield _installation(database, generations, opener.remove)


def _embedders(models: Sequence[Embedder]) -> dict[Collection, Embedder]:
    return {Collection(collection_name(each.model), each.model): each for each in models}


class _Opener:
    """Opens collections inside one folder."""

    def __init__(
        self,
        folder: Path,
        stack: AsyncExitStack,
        store: type[EdgeStore],
        database: Database,
        embedders: Mapping[Collection, Embedder],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._store, self._database = folder, store, database
        self._lock = FolderLock(folder)
        self.embedders = embedders
        stack.callback(self._lock.release)

    async def open(self, collection: Collection, stack: AsyncExitStack) -> OpenGeneration:
        embedder = self.embedders[collection]
        store = await self._store.open(
            self._folder,
            model=embedder.model,
            dimensions=embedder.dimensions,
            lock=self._lock.share(),
        )
        stack.push_async_callback(store.close)
        return generation_of(collection, embedder, store, self._database)

    async def remove(self, name: str) -> None:
        remove_folder(self._folder, name)


def generation_of(
    collection: Collection, embedder: Embedder, store: VectorStore, database: Database
) -> OpenGeneration:
    access = Grants({OPERATOR.id: PROJECTS})
    files = DatabaseIndexRecords(database, collection.name)
    searcher = Search(embedder=embedder, store=store, access=access)
    return OpenGeneration(
        collection=collection,
        embedder=embedder,
        store=store,
        records=files,
        indexer=Indexer(store=store, embedder=embedder, parser=PlainTextParser(), records=files),
        library=Library(
            searcher=searcher,
            answerer=Answerer(search=searcher, chat=None),
            store=store,
            records=files,
            access=access,
        ),
    )


def _installation(
    database: Database, generations: Generations, remove: RemoveCollection
) -> Installation:
    projects = ProjectRecords(database)
    syncs = FolderSyncs(projects=projects, indexer=ActiveIndexer(generations))
    return Installation(
        database=database,
        generations=generations,
        jobs=Jobs(
            records=JobRecords(database),
            syncs=syncs,
            look_every_s=_SOON_S,
            renew_every_s=_SOON_S,
        ),
        reembedding=Reembedding(
            records=generations.records,
            generations=generations,
            projects=projects,
            remove_collection=remove,
            look_every_s=_SOON_S,
            renew_every_s=_SOON_S,
            try_again_s=_SOON_S,
            grace=timedelta(0),
        ),
    )
