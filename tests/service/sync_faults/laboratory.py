"""Sync a project, as it is now, into what is kept of it from before; and see what comes of that."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from agents.sources import JobInfo
from connectors.rdm.retry import Timing
from connectors.rdm.settings import RdmSettings
from rag.access import whole_project
from rag.models import Hit, SearchRequest
from rag.search import Search
from service.access.recorded import LOCAL_OPERATOR
from service.records.files import DatabaseIndexRecords
from tests.rag.shelves import Grants
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_world import RdmWorld
from tests.service.killed_sync.kept import Kept, kept_in
from tests.service.rdm_shop import RdmShop, open_shop
from tests.service.sparse_copy import copy_folder
from tests.service.sync_faults.project import SOURCE_ID, TOKEN, change, world_before
from tests.service.sync_faults.verdict import Shelves

LONGEST_S: Final = 20.0
"""So long a sync may take on the busiest machine; most here take less than half a second."""
DAY_S: Final = 86_400.0
Hits = list[list[dict[str, object]]]
"""By query."""
_SCORE_DIGITS: Final = 4
_LONG_AGO: Final = datetime(2001, 1, 1, tzinfo=UTC)
_QUERIES: Final = ("時効は何時間", "A-11 HV", "二年目の記録")


@dataclass(slots=True)
class Clock:
    """Time that passes only where somebody waits, or where it is told to."""

    now_s: float = 1_800_000_000.0

    def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)

    @property
    def timing(self) -> Timing:
        return Timing(now=self.now, sleep=self.sleep)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of the project as it is now, and what searches find in that."""

    kept: Kept
    found: Hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """`rdm` has the project as it is now; `home`, what is kept of it from before."""

    rdm: RdmStandIn
    clock: Clock
    folder: Path
    home: Path
    before: Shelves
    _fresh: list[tuple[Shelves, Outcome]] = field(
        default_factory=list[tuple[Shelves, Outcome]], init=False
    )

    @property
    def settings(self) -> RdmSettings:
        return settings_of(self.rdm)

    @property
    def impatient(self) -> RdmSettings:
        """Return settings for what takes long: elsewhere they would cut off a busy machine."""
        short = {"read_timeout_s": 0.5, "request_deadline_s": 2.0, "download_deadline_s": 2.0}
        return self.settings.model_copy(update=short)

    def opened(
        self, home: Path, settings: RdmSettings | None = None
    ) -> AbstractAsyncContextManager[RdmShop]:
        return open_shop(self.rdm, settings or self.settings, home, timing=self.clock.timing)

    @contextmanager
    def copied(self) -> Generator[Path]:
        """Give a folder with what is kept from before; at the end it is removed."""
        with TemporaryDirectory(dir=self.folder) as folder:
            yield copy_folder(self.home, Path(folder) / "home")

    async def fresh(self) -> tuple[Shelves, Outcome]:
        """Return what an installation has that meets the project as it is now for the first time.

        It is found out once: the project has to stay as it is.
        """
        if not self._fresh:
            home = self.folder / "fresh"
            async with self.opened(home) as shop:
                await shop.add()
                job = await sync(shop)
                assert job.status == "done"
                assert_nothing_is_missing(job)
                shelves, found = await shelves_of(shop), await found_in(shop)
            self._fresh.append((shelves, Outcome(await kept_in(home), found)))
        return self._fresh[0]


def settings_of(rdm: RdmStandIn) -> RdmSettings:
    """Return settings with small answers and lists of several pages."""
    small = {
        "requests_per_second": 1_000,
        "requests_per_day": 1_000_000,
        "tries": 2,
        "page_size": 2,
        "max_answer_bytes": 2**16,
    }
    return rdm.settings_of(TOKEN).model_copy(update=small)


@asynccontextmanager
async def open_laboratory(
    folder: Path, *, changed: Callable[[RdmWorld], None] = change
) -> AsyncGenerator[Laboratory]:
    """Sync the project, then change it."""
    clock = Clock()
    world = world_before(clock.now)
    home = folder / "before"
    async with serve_rdm(world) as rdm:
        async with open_shop(rdm, settings_of(rdm), home, timing=clock.timing) as shop:
            await shop.add()
            assert_nothing_is_missing(await sync(shop))
            before = await shelves_of(shop)
        clock.now_s += DAY_S
        changed(world)
        yield Laboratory(rdm=rdm, clock=clock, folder=folder, home=home, before=before)


async def sync(shop: RdmShop) -> JobInfo:
    """Sync to the end, which comes soon whatever happens."""
    async with asyncio.timeout(LONGEST_S):
        return await shop.sync(SOURCE_ID)


async def distrust_logs(shop: RdmShop) -> None:
    """Let the time pass after which everything is listed again, whatever logs say."""
    for project in await shop.projects.list_records():
        await shop.projects.mark_listed(
            project.project_id, log_mark=project.log_mark, listed_at=_LONG_AGO
        )


def assert_nothing_is_missing(job: JobInfo) -> None:
    assert (job.status, job.error) == ("done", None)
    assert job.report is not None
    assert (job.report.stage, job.report.stale, job.report.failures) == ("done", [], [])


async def shelves_of(shop: RdmShop) -> Shelves:
    """Return what is in the store, by project and path; there is no more in it than that."""
    files = DatabaseIndexRecords(shop.database, "docs")
    passages: dict[str, dict[str, Any]] = {}
    projects = await shop.projects.list_records()
    for project in projects:
        access = whole_project(project.project_id)
        for record in (await files.load(project.project_id)).values():
            points = await shop.store.file_points(project.project_id, record.file_id, access=access)
            if points:
                path = f"{project.project_id}/{record.path}"
                passages[path] = {point.id: dict(point.payload) for point in points}
    await shop.indexed()
    public = frozenset(project.project_id for project in projects if project.is_public)
    return Shelves(passages, public)


async def found_in(shop: RdmShop) -> Hits:
    """Return what searches find, with their scores.

    These are sums over terms, in an order that depends on which passage was put in first: equal
    indexes differ in the last of their digits.
    """
    projects = tuple(project.project_id for project in await shop.projects.list_records())
    access = Grants({LOCAL_OPERATOR.id: projects})
    search = Search(embedder=shop.embedder, store=shop.store, access=access)
    answers = [
        await search.search(LOCAL_OPERATOR, SearchRequest(query=query)) for query in _QUERIES
    ]
    return [[_rounded(hit) for hit in answer.hits] for answer in answers]


def _rounded(hit: Hit) -> dict[str, object]:
    parts = {
        name: None if score is None else round(score, _SCORE_DIGITS)
        for name, score in hit.parts.model_dump().items()
    }
    return {**hit.model_dump(), "score": round(hit.score, _SCORE_DIGITS), "parts": parts}
