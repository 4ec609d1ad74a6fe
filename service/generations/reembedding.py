"""The move to another embedding model: ordered, carried out in the background, watched."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from contracts.principal import Principal
from contracts.problems import NotAllowed, Problem, ServiceUnreachable
from rag.reembedder import Reembedder
from rag.reembedding import ReembeddingProgress
from rag.reembedding_trial import Trial
from service.bug_trace import trace_of
from service.generations.choosing import Order, next_stage
from service.generations.opened import Generations
from service.generations.problems import NextModelMissing, ReembeddingFailed, failed
from service.generations.state import PASSING, ReembeddingState, Stage
from service.records.generations import GenerationRecords
from service.records.projects import ProjectRecords

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 1.0
_RENEW_EVERY_S: Final = 1.0
_TRY_AGAIN_S: Final = 10.0
_GRACE: Final = timedelta(seconds=10)
_MOST_ROUNDS: Final = 10  # each takes in what syncs did during the one before: soon that is little

RemoveCollection = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reembedding:
    """One worker of this process; other processes on the same database have their own.

    Each stage may be killed anywhere and is begun again by whoever takes up the lease. Until the
    one transaction of the switch, the former collection answers; after it, the other one.
    """

    records: GenerationRecords
    generations: Generations
    projects: ProjectRecords
    remove_collection: RemoveCollection
    owner: str = field(default_factory=lambda: str(uuid4()))
    look_every_s: float = _LOOK_EVERY_S
    """How soon a switch by another process, and the end of its lease, are noticed."""
    renew_every_s: float = _RENEW_EVERY_S
    try_again_s: float = _TRY_AGAIN_S
    grace: timedelta = _GRACE
    """So long after a switch the former collection stays, for requests that it began to answer."""
    _progress: list[ReembeddingProgress] = field(default_factory=list[ReembeddingProgress])
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def state(self, principal: Principal) -> ReembeddingState:
        """Return which model answers, and how far the move to another one is.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
        """
        _require_admin(principal)
        return await self.generations.state()

    async def order(self, principal: Principal, order: Order) -> ReembeddingState:
        """Have something done in the background; it is safe on disk when this returns.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
            ReembeddingUnfit: it does not fit the state.
            NextModelMissing: the model that it needs is not in the settings.
        """
        _require_admin(principal)
        ordered: ReembeddingState | None = None
        while ordered is None:
            state = await self.generations.state()
            stage, other = next_stage(order, state, self.generations.configured)
            ordered = await self.records.order(state, stage, other=other)
        self._wake.set()
        return ordered

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Follow what other processes switch to, and work on orders, until the block ends."""
        worker = asyncio.create_task(self._work())
        try:
            yield
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def _work(self) -> None:
        while True:
            try:
                await self.generations.refresh()
                state = await self.records.claim(self.owner)
                if state is None:
                    await self._wait(self.look_every_s)
                else:
                    await self._run(state)
            except Exception as error:  # noqa: BLE001 - a worker that is gone would be missed late
                _LOG.error("the move to another model was cut off: %s", trace_of(error))
                await self._wait(self.try_again_s)

    async def _wait(self, at_most_s: float) -> None:
        """Wait for an order that is given here, or long enough for news of other processes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._wake.wait()
        self._wake.clear()

    async def _run(self, state: ReembeddingState) -> None:
        """Carry out a stage under its lease; where that is lost, or another was ordered, stop."""
        step = asyncio.create_task(self._step(state))
        lease = asyncio.create_task(self._hold_lease(state.stage))
        try:
            await asyncio.wait({step, lease}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _ended(step)
            await self._release()
            raise
        finally:
            await _ended(lease)
            await _ended(step)
        await self.generations.refresh()

    async def _hold_lease(self, stage: Stage) -> None:
        """Return when the lease is another's, or another stage was ordered."""
        while True:
            try:
                if await self.records.renew(self.owner, self._newest) != stage:
                    return
            except ServiceUnreachable as error:  # it may be back before the lease ends
                _LOG.error("the lease of the move was not renewed: %s", trace_of(error))
            await asyncio.sleep(self.renew_every_s)

    async def _release(self) -> None:
        try:
            await self.records.release(self.owner)
        except ServiceUnreachable as error:  # then the end of its lease releases it
            _LOG.error("the move was not released: %s", trace_of(error))

    async def _step(self, state: ReembeddingState) -> None:
        """Carry out a stage; what stops it is recorded."""
        self._progress.clear()
        try:
            await self._carry_out(state)
        except Problem as problem:
            await self._stop(state.stage, problem)
        except Exception as error:  # noqa: BLE001 - a bug must be shown, not tried for ever
            _LOG.error("the move failed unexpectedly: %s", trace_of(error))
            await self._stop(state.stage, ReembeddingFailed())

    async def _carry_out(self, state: ReembeddingState) -> None:
        if state.stage == "dropping":
            await self._drop(state)
            return
        pair = await self._pair(state)
        match state.stage:
            case "checking":
                await pair.check(await self._project_ids(), self._report)
                await self.records.advance(self.owner, "checking", "building")
            case "building":
                await self._build(pair)
            case "catching_up":
                await self._rounds(pair)
                await self.records.advance(self.owner, "catching_up", "switching")
            case _:
                await self._switch(pair)

    async def _pair(self, state: ReembeddingState) -> Reembedder:
        """Return what copies from what answers to what does not."""
        if state.other is None:
            raise NextModelMissing
        source = await self.generations.open(state.active)
        target = await self.generations.open(state.other)
        return Reembedder(source=source.generation, target=target.generation)

    async def _build(self, pair: Reembedder) -> None:
        await self._rounds(pair)
        trial = Trial(source=pair.source, target=pair.target)
        tried = await trial.run(await self._project_ids(), syncs_rest=False)
        await self.records.renew(self.owner, self._newest)
        await self.records.advance(
            self.owner,
            "building",
            "ready" if tried.is_passed else "building",
            verification=tried,
            error=None if tried.is_passed else failed(tried).body(),
        )

    async def _switch(self, pair: Reembedder) -> None:
        """Let syncs rest, take in what the last of them did, try, and let the other one answer."""
        if await self.records.has_running_sync():
            await asyncio.sleep(self.renew_every_s)  # it soon stops, after the file at hand
            return
        await self._rounds(pair)
        trial = Trial(source=pair.source, target=pair.target)
        tried = await trial.run(await self._project_ids(), syncs_rest=True)
        if tried.is_passed:
            await self.records.flip(self.owner, tried)
        else:
            await self.records.advance(
                self.owner, "switching", "ready", verification=tried, error=failed(tried).body()
            )

    async def _drop(self, state: ReembeddingState) -> None:
        """Remove the other collection, and then the records of it."""
        if state.other is not None:
            if state.switched_at is not None:
                rest = state.switched_at + self.grace - datetime.now(UTC)
                await asyncio.sleep(max(rest.total_seconds(), 0))
            await self.generations.close(state.other)
            await self.remove_collection(state.other.name)
        await self.records.forget_other(self.owner)

    async def _rounds(self, pair: Reembedder) -> None:
        """Catch up until there is nothing left to do, or only what syncs have just done."""
        for _ in range(_MOST_ROUNDS):
            before = await self._project_ids()
            touched = await pair.catch_up(before, self._report)
            for project_id in set(before) - set(await self._project_ids()):
                await pair.target.store.delete_project(project_id)  # removed while it was copied
            if not touched:
                return

    async def _stop(self, stage: Stage, problem: Problem) -> None:
        """Record what stopped a stage; what may pass is tried again, but never while syncs wait."""
        passes = problem.kind in PASSING and stage != "switching"
        back: Stage = "ready" if stage in {"catching_up", "switching"} and not passes else stage
        await self.records.advance(self.owner, stage, back, error=problem.body())
        if passes:
            await asyncio.sleep(problem.retry_after_s or self.try_again_s)

    async def _project_ids(self) -> list[str]:
        return [project.project_id for project in await self.projects.list_records()]

    @property
    def _newest(self) -> ReembeddingProgress | None:
        return self._progress[-1] if self._progress else None

    async def _report(self, progress: ReembeddingProgress) -> None:
        self._progress[:] = [progress]


def _require_admin(principal: Principal) -> None:
    if "admin" not in principal.scopes:
        raise NotAllowed("admin")


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is over."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
