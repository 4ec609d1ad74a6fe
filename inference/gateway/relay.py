"""An admitted call on its way: to a replica, to another one where that fails, and back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.trace import Tracer

from inference.gateway.asked import Asked
from inference.gateway.budget import RetryBudget
from inference.gateway.calls import Running
from inference.gateway.endpoints import MESSAGES
from inference.gateway.exchange import Answering, Headers
from inference.gateway.handed import Body
from inference.gateway.pool import Pool, Replica
from inference.gateway.problems import (
    AnswerBrokeOff,
    ModelAway,
    ModelWarming,
    RuntimeRefused,
)
from inference.gateway.served import Served
from inference.gateway.streams import Events, EventTooLong, Passing
from inference.gateway.thinking import Thoughts
from inference.gateway.tracing import UNTRACED, asking
from inference.gateway.upstream import BrokenOff, Reply, Unreached, Upstream
from inference.gateway.usage import usage_in
from inference.prices import Used

_NOT_NOW: Final = frozenset({429, 502, 503, 504})
_CALLERS_FAULT: Final = frozenset({400, 413, 422})
_SOON_S: Final = 1.0
_WARMING: Final = b": warming\n\n"
_CHAT: Final = "/v1/chat/completions"
_SAY_WHEN_DONE: Final = frozenset({_CHAT, "/v1/completions", MESSAGES})
EVENT_STREAM: Final[Headers] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What goes to a model server."""

    asked: Asked
    served: Served
    body: Body
    prefix: bytes | None
    request_id: str
    may_wait: bool = True
    """Whether it is held where no replica is ready: not where another model may answer."""

    @property
    def headers(self) -> dict[str, str]:
        """What the server is told beside the body: nothing of the caller but the request's id."""
        headers = {"Content-Type": self.body.content_type, "X-Request-Id": self.request_id}
        if self.served.api_key is not None:
            headers["Authorization"] = f"Bearer {self.served.api_key}"
        return headers


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that is no stream: a good one, or an error that is the caller's fault."""

    status: int
    content_type: bytes
    body: bytes

    async def send(self, running: Running, out: Answering, headers: Headers) -> None:
        """Send it to the caller, whose call ends before."""
        running.answers(self.status)
        is_late = out.is_begun  # a stream that was told of the start of its model
        if not is_late:
            await out.start(self.status, [(b"content-type", self.content_type), *headers])
        running.end("ok" if self.status == 200 else "failed")
        is_event = is_late and self.status != 200
        await out.end(b"data: " + self.body.strip() + b"\n\n" if is_event else self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Hands calls to replicas, and their answers to callers."""

    upstream: Upstream
    retries: RetryBudget = field(default_factory=RetryBudget)
    tracer: Tracer = UNTRACED

    async def relay(
        self, outgoing: Outgoing, running: Running, out: Answering, headers: Headers
    ) -> None:
        """Let a replica answer.

        Raises:
            ModelAway, ModelWarming: none can.
            AnswerBrokeOff: one began to.
        """
        async with self._reached(outgoing, running, out) as reply:
            try:
                if reply.is_stream and reply.status == 200:
                    await _stream(outgoing, reply, running, out, headers)
                else:
                    await _whole(outgoing, reply, running, out, headers)
            except (BrokenOff, EventTooLong) as error:
                raise AnswerBrokeOff(outgoing.served.id) from error

    async def fetch(self, outgoing: Outgoing, running: Running, out: Answering) -> Whole:
        """Return a replica's answer, which is no stream, whole; what it used is counted.

        Raises:
            ModelAway, ModelWarming: none can answer.
            RuntimeRefused, AnswerBrokeOff: one did not do so rightly.
        """
        async with self._reached(outgoing, running, out) as reply:
            try:
                return await _fetched(outgoing, reply, running)
            except BrokenOff as error:
                raise AnswerBrokeOff(outgoing.served.id) from error

    @asynccontextmanager
    async def _reached(
        self, outgoing: Outgoing, running: Running, out: Answering
    ) -> AsyncGenerator[Reply]:
        """Yield the first answer that is one, from whichever replica."""
        pool = outgoing.served.pool
        self.retries.note_call()
        tried: set[str] = set()
        retry_after_s = _SOON_S
        while True:
            replica = pool.pick(prefix=outgoing.prefix, tried=tried)
            if replica is None:
                if not outgoing.may_wait or not pool.is_away:
                    raise ModelAway(pool.model, retry_after_s=retry_after_s)
                with running.held():
                    await _hold(pool, outgoing.asked, running, out)
                tried.clear()
                continue
            with pool.working(replica):
                try:
                    async with self._answer(pool, replica, outgoing, running) as reply:
                        yield reply
                        return
                except Unreached as error:
                    tried.add(replica.url)
                    retry_after_s = error.retry_after_s or _SOON_S
                    if not self.retries.spend():
                        raise ModelAway(pool.model, retry_after_s=retry_after_s) from error

    @asynccontextmanager
    async def _answer(
        self, pool: Pool, replica: Replica, outgoing: Outgoing, running: Running
    ) -> AsyncGenerator[Reply]:
        """Yield a replica's answer.

        Raises:
            Unreached: it does not answer, or not now.
        """
        path, model = outgoing.asked.endpoint.path, outgoing.served.id
        url = replica.url + path
        with asking(self.tracer, running.span, path=path, model=model, url=url) as span:
            headers = outgoing.headers | span.headers
            try:
                async with self.upstream.post(url, outgoing.body.content, headers) as reply:
                    span.answered(reply.status)
                    if reply.status not in _NOT_NOW:
                        pool.answered(replica)
                        yield reply
                        return
            except Unreached:
                pool.lost(replica)
                raise
            pool.refused(replica)
            raise Unreached(reply.retry_after_s)


async def _hold(pool: Pool, asked: Asked, running: Running, out: Answering) -> None:
    """Wait for a replica; who reads a stream is told so meanwhile.

    Raises:
        ModelWarming: none came in time, or too many wait.
        ModelAway: there are none.
    """
    patience = pool.patience
    with pool.place():
        ends = asyncio.get_running_loop().time() + patience.hold_s
        while True:
            left_s = ends - asyncio.get_running_loop().time()
            if left_s <= 0:
                raise ModelWarming(pool.model, retry_after_s=patience.start_s)
            try:
                await pool.wait(within_s=min(left_s, patience.tell_every_s))
            except TimeoutError:
                if asked.is_stream:
                    await _say_warming(running, out)
            else:
                return


async def _say_warming(running: Running, out: Answering) -> None:
    if not out.is_begun:
        running.status = 200
        await out.start(200, EVENT_STREAM)
    await out.write(_WARMING)


async def _whole(
    outgoing: Outgoing, reply: Reply, running: Running, out: Answering, headers: Headers
) -> None:
    """Pass on an answer that is no stream.

    Raises:
        RuntimeRefused: it is an error that is not the caller's fault.
        BrokenOff: it ended before its end.
    """
    whole = await _fetched(outgoing, reply, running)
    await whole.send(running, out, headers)


async def _fetched(outgoing: Outgoing, reply: Reply, running: Running) -> Whole:
    is_ok = reply.status == 200
    if not is_ok and reply.status not in _CALLERS_FAULT:
        raise RuntimeRefused(outgoing.served.id, status=reply.status)
    body = await reply.whole()
    if is_ok:
        running.used += usage_in(body) or reply.used or Used()
        renaming = outgoing.served.renaming
        body = renaming.of(body) if renaming else body
        thoughts = _thoughts(outgoing)
        body = thoughts.in_whole(body) if thoughts else body
    return Whole(reply.status, reply.content_type, body)


async def _stream(
    outgoing: Outgoing, reply: Reply, running: Running, out: Answering, headers: Headers
) -> None:
    """Pass on events as they come; the last one when the call is counted.

    Raises:
        BrokenOff: the stream ended before its end.
    """
    served, asked = outgoing.served, outgoing.asked
    passing = Passing(
        keeps_usage=asked.wants_usage, renaming=served.renaming, thoughts=_thoughts(outgoing)
    )
    events = Events()
    if not out.is_begun:
        await out.start(200, [*EVENT_STREAM, *headers])
    try:
        last = await _passed_on(reply, events, passing, running, out)
    except asyncio.CancelledError:  # the caller left: what the model wrote until now counts
        for event in events.of(reply.arrived()):
            passing.event(event)
        raise
    finally:
        running.used = passing.used
    if not passing.is_done and asked.endpoint.path in _SAY_WHEN_DONE:
        raise BrokenOff
    running.end("ok")
    await out.end(last)


async def _passed_on(
    reply: Reply, events: Events, passing: Passing, running: Running, out: Answering
) -> bytes:
    """Pass on all events but the last ones, which are returned."""
    async for part in reply.parts():
        data = b"".join(map(passing.event, events.of(part)))
        if passing.is_done:
            return data
        if data:
            running.answers(200)
            await out.write(data)
    return b""


def _thoughts(outgoing: Outgoing) -> Thoughts | None:
    is_chat = outgoing.asked.endpoint.path == _CHAT
    return outgoing.served.thoughts() if is_chat else None
