"""An installation with a filled shelf in its data folder."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.query_speed.over_rest import installation, make_projects
from evals.query_speed.shelf import Shelf, open_store
from evals.query_speed.texts import Texts
from evals.rdm_sync.product import Product
from inference.local_embedder import LocalEmbedder, open_local_embedder

_PROJECTS: Final = 3

Begin = Callable[[str, int], Callable[[int], None]]
"""Begins to show a stage of so many steps; what it returns is told how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who is asked, and what there is to be found."""

    product: Product
    data_folder: Path
    shelf: Shelf
    chunks: int
    embedder: LocalEmbedder


async def make_world(
    home: Path, texts: Texts, *, chunks: int, known_to_service: bool, begin: Begin
) -> World:
    """Put so many passages into a new installation in `home`.

    Only where they are known to the service are its projects indexed with the shipped command, a
    small file each, before the passages are put beside.

    Raises:
        CalledProcessError: the command failed; why was written to the standard error.
    """
    product, data_folder = installation(home), home / "data"
    projects = [f"project-{number}" for number in range(_PROJECTS)]
    if known_to_service:
        projects = await asyncio.to_thread(make_projects, product, home, count=_PROJECTS)
    embedder = open_local_embedder()
    tick = begin("embed", len(texts.passages))
    shelf = await Shelf.embed(texts, embedder, projects=projects, tick=tick)
    store = await open_store(data_folder, embedder)
    try:
        await shelf.fill(store, first=0, last=chunks, tick=begin("index", chunks))
    finally:
        await store.close()
    return World(
        product=product, data_folder=data_folder, shelf=shelf, chunks=chunks, embedder=embedder
    )
