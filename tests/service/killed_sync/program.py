"""A program that syncs, each time in a new process, which it kills where it was told to."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from connectors.rdm.client import open_rdm
from connectors.rdm.settings import PRESETS, RdmSettings
from service.records.database import open_database
from tests.service.forked import KillableOrder, Say, serve
from tests.service.killed_sync.syncing import database_url, sync


class Order(KillableOrder, frozen=True):
    home: Path
    rdm: RdmSettings
    token: str


async def _load() -> None:
    """Use for once what loads a part of itself only then; the store would leave threads behind."""
    with TemporaryDirectory() as folder:
        async with open_database(database_url(Path(folder))), open_rdm(PRESETS["rdm"], "rdm"):
            pass


async def _sync(order: Order, say: Say) -> str:
    """Return the status of the job, and why it is not as it should be."""
    settings = order.rdm.model_copy(update={"token": SecretStr(order.token)})
    job = await sync(order.home, settings, say)
    stale = [] if job.report is None else job.report.stale
    return f"{job.status} {stale or job.error or ''}".strip()


if __name__ == "__main__":
    asyncio.run(_load())
    serve(Order, _sync)
