"""Carry out orders about the embedding model: at a running service, or in this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from service.access.recorded import LOCAL_OPERATOR
from service.cli.session import running_service
from service.generations.choosing import Order
from service.generations.state import ReembeddingState
from service.settings import Settings

if TYPE_CHECKING:
    from service.remote_desk import RemoteDesk
    from service.wiring import Resources

_LOOK_EVERY_S: Final = 0.5


class Mover(Protocol):
    """Moves the index to another embedding model."""

    async def state(self) -> ReembeddingState:
        """Return how far the move is."""
        ...

    async def order(self, order: Order) -> ReembeddingState:
        """Have a step done in the background."""
        ...

    def working(self) -> AbstractAsyncContextManager[None]:
        """See to it that it is done, if nobody else does."""
        ...


@dataclass(frozen=True, slots=True)
class LocalMover:
    """Implements `Mover` in this process, as the local operator."""

    resources: "Resources"

    async def state(self) -> ReembeddingState:
        return await self.resources.reembedding.state(LOCAL_OPERATOR)

    async def order(self, order: Order) -> ReembeddingState:
        return await self.resources.reembedding.order(LOCAL_OPERATOR, order)

    def working(self) -> AbstractAsyncContextManager[None]:
        return self.resources.reembedding.working()


@dataclass(frozen=True, slots=True)
class RemoteMover:
    """Implements `Mover` at a running service, which works by itself."""

    desk: "RemoteDesk"

    async def state(self) -> ReembeddingState:
        return await self.desk.reembedding_state()

    async def order(self, order: Order) -> ReembeddingState:
        return await self.desk.order_reembedding(order)

    def working(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


@asynccontextmanager
async def open_mover(settings: Settings) -> AsyncGenerator[Mover]:
    """Talk to the running service; where none runs, open everything here.

    Raises:
        StoreLocked: another process has the store and no service of this data folder answers.
    """
    service = await running_service(settings)
    if service is None:
        from service.wiring import open_resources  # noqa: PLC0415 - seconds that a service saves

        async with open_resources(settings) as resources:
            yield LocalMover(resources)
    else:
        from service.remote_desk import open_remote_desk  # noqa: PLC0415 - as above

        async with open_remote_desk(service.url, service.token) as desk:
            yield RemoteMover(desk)


async def followed(mover: Mover, first: ReembeddingState) -> AsyncGenerator[ReembeddingState]:
    """Yield the state whenever it has changed; the last one changes no more by itself."""
    state, shown = first, None
    async with mover.working():
        while True:
            if state != shown:
                yield state
                shown = state
            if state.rests:
                return
            await asyncio.sleep(_LOOK_EVERY_S)
            state = await mover.state()
