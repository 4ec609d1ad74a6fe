"""The generations that this process has open: the one that answers, and perhaps another one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from rag.indexer import Indexer
from rag.library import Library
from rag.ports import Embedder
from rag.reembedder import Generation
from rag.store.port import VectorStore
from service.generations.choosing import choose_active
from service.generations.problems import ActiveModelMissing, NextModelMissing
from service.generations.state import Collection, ReembeddingState
from service.records.files import DatabaseIndexRecords
from service.records.generations import GenerationRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGeneration:
    """A collection with its model, and what works on it."""

    collection: Collection
    embedder: Embedder
    store: VectorStore
    records: DatabaseIndexRecords
    indexer: Indexer
    library: Library

    @property
    def generation(self) -> Generation:
        """What of it can be copied."""
        return Generation(
            embedder=self.embedder,
            store=self.store,
            records=self.records,
            fingerprint=self.indexer.fingerprint,
        )


OpenOne = Callable[[Collection, AsyncExitStack], Awaitable[OpenGeneration]]
"""Opens a generation; what must be closed with it goes onto the stack."""


@dataclass(slots=True, kw_only=True)
class Generations:
    """Opens what the records name. Whoever asks takes `active` once, for all that they do."""

    records: GenerationRecords
    embedders: Mapping[Collection, Embedder]
    """The configured models: the one for now, then perhaps the next."""
    open_one: OpenOne
    _active: OpenGeneration | None = None
    _open: dict[Collection, OpenGeneration] = field(
        default_factory=dict[Collection, OpenGeneration]
    )
    _stacks: dict[Collection, AsyncExitStack] = field(
        default_factory=dict[Collection, AsyncExitStack]
    )
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def active(self) -> OpenGeneration:
        """What answers; what another process changes about that is seen at the next `refresh`."""
        if self._active is None:
            raise RuntimeError("generations are used before they are opened")
        return self._active

    @property
    def configured(self) -> list[Collection]:
        """The collections of the configured models."""
        return list(self.embedders)

    async def start(self) -> None:
        """Open what answers.

        Raises:
            ActiveModelMissing: it was made by a model that is not configured.
        """
        state = await self.records.find()
        chosen = choose_active(state, self.configured)
        if state is None:
            state = await self.records.adopt(chosen)
        if state.active != chosen:
            await self.records.replace(state.active, chosen)
        await self.refresh()

    async def refresh(self) -> OpenGeneration:
        """Return what answers now, by the records; what they name no more is closed.

        Raises:
            ActiveModelMissing: it was made by a model that is not configured here.
        """
        state = await self.state()
        if state.active not in self.embedders:
            names = [each.model for each in self.configured]
            raise ActiveModelMissing(state.active.model, names)
        self._active = await self.open(state.active)
        for collection in self._open.keys() - {state.active, state.other}:
            await self.close(collection)
        return self._active

    async def kept(self) -> list[OpenGeneration]:
        """Return what answers, and the other one if it is kept and its model configured here."""
        state = await self.state()
        both = [await self.open(state.active)]
        if state.other is not None and state.other in self.embedders and state.stage != "dropping":
            both.append(await self.open(state.other))
        return both

    async def state(self) -> ReembeddingState:
        """Return the state as it is recorded."""
        state = await self.records.find()
        if state is None:
            raise RuntimeError("the records name no collection")
        return state

    async def open(self, collection: Collection) -> OpenGeneration:
        """Return a generation, opened if it was not.

        Raises:
            NextModelMissing: its model is not configured here.
        """
        if collection not in self.embedders:
            raise NextModelMissing(collection.model)
        async with self._opening:
            if collection not in self._open:
                async with AsyncExitStack() as stack:
                    self._open[collection] = await self.open_one(collection, stack)
                    self._stacks[collection] = stack.pop_all()
            return self._open[collection]

    async def close(self, collection: Collection) -> None:
        """Close a generation that answers no more; one that is not open is fine."""
        async with self._opening:
            self._open.pop(collection, None)
            stack = self._stacks.pop(collection, None)
        if stack is not None:
            await stack.aclose()

    async def close_all(self) -> None:
        """Close everything that is open."""
        for collection in list(self._stacks):
            await self.close(collection)


@asynccontextmanager
async def opened(generations: Generations) -> AsyncGenerator[Generations]:
    """Open what answers, and close all generations at the end.

    Raises:
        ActiveModelMissing: what answers was made by a model that is not configured.
    """
    try:
        await generations.start()
        yield generations
    finally:
        await generations.close_all()
