"""Move an installation to another model, there and back, and say so before each write.

Each run ends with the next model answering and nothing else kept, wherever an earlier one died. All
the while somebody searches, and files are synced.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from rag.access import whole_project
from rag.ports import FileRecord
from rag.store.schema import collection_name
from service.generations.choosing import Order
from service.generations.state import ReembeddingState
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from tests.rag.indexing import contents
from tests.service.forked import Say
from tests.service.reembedding.moving import (
    NEW,
    OLD,
    Installation,
    open_installation,
)
from tests.service.talking import TalkingDatabase, TalkingStore

ORDERS: Final[tuple[Order, ...]] = ("start", "switch", "rollback", "switch", "drop")
QUESTION: Final = "時効は170 °C"
_PAUSE_S: Final = 0.02
_SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Look(BaseModel, frozen=True):
    """What a process that has just begun finds."""

    active: str
    models: set[str]
    """Of the hits of some searches."""
    found: set[str]
    """Paths of the files that were found."""
    agrees: bool
    """As many passages are there as the records say."""


@dataclass(frozen=True, slots=True)
class Kept:
    passages: dict[str, Any]
    files: dict[str, FileRecord]
    collections: set[str]


async def index(home: Path, files: Path) -> str:
    """Index the files by the model for now."""
    async with open_installation(home) as installation, installation.jobs.working():
        await installation.add(files)
        await installation.sync()
    return "done"


async def index_by_next(home: Path, files: Path) -> str:
    """Index the files by the next model alone."""
    opening = open_installation(home, models=(NEW,))
    async with opening as installation, installation.jobs.working():
        await installation.add(files)
        await installation.sync()
    return "done"


async def move(home: Path, say: Say) -> str:
    """Sync, start, switch, roll back, switch, drop; or what is left of that."""
    async with _open_talking(home, say) as installation, installation.working():
        searching = asyncio.create_task(_search_on(installation))
        syncing = asyncio.create_task(_sync_and_say(installation, say))
        for order in await _left(installation):
            state = await installation.carry_out(order)
            if state.error is not None:
                return f"{order}: {state.error}"
            say(f"did {order}")
        await syncing
        searching.cancel()
        [ended] = await asyncio.gather(searching, return_exceptions=True)
    return "done" if isinstance(ended, asyncio.CancelledError) else repr(ended)


async def look(home: Path) -> str:
    """Return a `Look`; nothing works in the background meanwhile."""
    async with open_installation(home) as installation:
        active = installation.generations.active
        hits = [hit for each in (QUESTION, "荷重") for hit in await installation.search(each)]
        totals = await active.records.totals("alloy")
        held = await active.store.count(access=whole_project("alloy"))
        cut_off = totals.failed
        return Look(
            active=active.collection.model,
            models={hit.embedding_model for hit in hits},
            found={hit.path for hit in hits},
            agrees=bool(cut_off) or held == totals.passages,
        ).model_dump_json()


async def kept_in(home: Path) -> Kept:
    """Return what is kept of the next model's collection, without times, and all collections."""
    async with open_database(f"sqlite:///{home / 'records.db'}") as database:
        records = await DatabaseIndexRecords(database, collection_name(NEW.model)).load("alloy")
        former = await DatabaseIndexRecords(database, collection_name(OLD.model)).load("alloy")
    assert former == {}
    return Kept(
        passages=contents(home / "store", NEW.model),
        files={key: replace(each, indexed_at=_SOME_TIME) for key, each in records.items()},
        collections={each.name for each in (home / "store").iterdir() if each.is_dir()},
    )


async def _left(installation: Installation) -> Sequence[Order]:
    """Return the orders that are left; what had begun ends first."""
    state = await installation.rest()
    if state.error is not None:
        raise AssertionError(state.error)
    return _orders_after(state)


def _orders_after(state: ReembeddingState) -> Sequence[Order]:
    """Return what leads to the next model alone: all of it from the beginning."""
    match state.other_is:
        case "next":
            return ORDERS[1:] if state.switched_at is None else ORDERS[3:]
        case "former":
            return ORDERS[4:]
        case None:
            return ORDERS if state.active.model == OLD.model else ()


async def _sync_and_say(installation: Installation, say: Say) -> None:
    await installation.sync()
    say("did sync")


async def _search_on(installation: Installation) -> None:
    """Search again and again; every answer has hits, all of one model (`Installation.search`)."""
    while True:
        assert await installation.search(QUESTION)
        await asyncio.sleep(_PAUSE_S)


@asynccontextmanager
async def _open_talking(home: Path, say: Say) -> AsyncGenerator[Installation]:
    class Talking(TalkingStore):
        def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - those of EdgeStore
            super().__init__(*arguments)
            self.say = say

    async with open_installation(
        home, store=Talking, wrapped=lambda database: TalkingDatabase(database, say)
    ) as installation:
        yield installation
