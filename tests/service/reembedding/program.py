"""A program that moves to another model, each time in a new process, and dies where it is told."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from rag.lexical import encode_query
from service.records.database import open_database
from tests.service.forked import KillableOrder, Say, serve
from tests.service.reembedding.killable import index, index_by_next, look, move


class Order(KillableOrder, frozen=True):
    work: Literal["index", "index by next", "move", "look"]
    home: Path
    files: Path


async def _load() -> None:
    """Use for once what loads a part of itself only then; the store would leave threads behind."""
    encode_query("時効")
    with TemporaryDirectory() as folder:
        async with open_database(f"sqlite:///{folder}/records.db"):
            pass


async def _carry_out(order: Order, say: Say) -> str:
    match order.work:
        case "index":
            return await index(order.home, order.files)
        case "index by next":
            return await index_by_next(order.home, order.files)
        case "move":
            return await move(order.home, say)
        case "look":
            return await look(order.home)


if __name__ == "__main__":
    asyncio.run(_load())
    serve(Order, _carry_out)
