"""A request's way through the gateway: key, model, limits, replica, and the record of it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from opentelemetry.trace import Span, Tracer

from contracts.problems import NotAllowed
from inference.gateway.asked import Asked, read_json
from inference.gateway.calls import Running
from inference.gateway.endpoints import ENDPOINTS, MODELS, Endpoint
from inference.gateway.exchange import Answering, Headers, Request, text_of
from inference.gateway.forms import read_form
from inference.gateway.handed import handed, prefix_of
from inference.gateway.ports import Call, Caller, Callers, Meter
from inference.gateway.problems import (
    DeadlinePassed,
    FieldRefused,
    ModelAway,
    RouteUnknown,
    TaskUnfit,
)
from inference.gateway.relay import Outgoing, Relay
from inference.gateway.served import Directory, Served
from inference.gateway.structured_calls import StructuredCalls, made_strict, wanted_of
from inference.gateway.tracing import begun, refusing, tell_call
from inference.structured.wanted import Wanted

_SCOPE: Final = "models"
_DEADLINE_S: Final = 1_800.0
_TIMEOUT: Final = b"x-fumikura-timeout-s"
_FALLBACK: Final = b"x-fumikura-fallback"
_JSON: Final = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Answers the requests of one gateway."""

    callers: Callers
    meter: Meter
    models: Directory
    relay: Relay
    secret: bytes = field(repr=False)
    """What persons' names are hashed with, where model servers must tell them apart."""

    @property
    def tracer(self) -> Tracer:
        """What spans are begun with."""
        return self.relay.tracer

    async def answer(self, request: Request, out: Answering) -> None:
        """Answer one request.

        Raises:
            Problem: what is wrong with it, or with the model; the caller is to be told.
        """
        span = begun(self.tracer, request, route=_route(request.path))
        with refusing(span):
            await self._answer(request, out, span)

    async def _answer(self, request: Request, out: Answering, span: Span) -> None:
        endpoint = ENDPOINTS.get(request.path)
        if request.method == "POST" and endpoint is not None:
            caller = await self._caller(request.headers)
            await self._call(endpoint, caller, request, out, span)
        elif request.method == "GET" and f"{request.path}/".startswith(f"{MODELS}/"):
            await self._tell_models(await self._caller(request.headers), request, out)
        else:
            raise RouteUnknown

    async def let_in(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """See `inference.gateway.exchange.Answers`: of no path here a stranger may ask anything."""
        if not _route(path):
            raise RouteUnknown
        await self._caller(headers)

    async def _caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Return who asks.

        Raises:
            Problem: `unauthenticated`: nobody knows.
            NotAllowed: the key is not for models.
        """
        authorization = text_of(headers, b"authorization")
        if authorization is None and (key := text_of(headers, b"x-api-key")) is not None:
            authorization = f"Bearer {key}"
        caller = await self.callers.caller(authorization)
        if _SCOPE not in caller.principal.scopes:
            raise NotAllowed(_SCOPE)
        return caller

    async def _call(
        self, endpoint: Endpoint, caller: Caller, request: Request, out: Answering, span: Span
    ) -> None:
        began = perf_counter()
        asked = _read(endpoint, request)
        served = self.models.find(asked.model, caller)
        if served.task not in endpoint.tasks:
            raise TaskUnfit(model=served.id, task=served.task, endpoint=endpoint.path)
        deadline_s = _deadline_s(request)
        wanted = wanted_of(asked)
        outgoing = list(self._outgoing(asked, served, caller, request))
        call = _call_of(asked, served, request)
        tell_call(span, call)
        admitted = await self.meter.admit(caller, call)
        running = Running(admitted=admitted, began=began, served=served, span=span)
        try:
            async with asyncio.timeout(deadline_s):
                await self._first_that_answers(outgoing, wanted, running, out)
        except TimeoutError as error:
            raise DeadlinePassed(deadline_s=deadline_s) from error
        except asyncio.CancelledError:
            running.end("left", status=499)
            raise
        finally:
            running.end("failed", status=running.status or 503)

    async def _first_that_answers(
        self,
        outgoing: Iterable[Outgoing],
        wanted: Wanted | None,
        running: Running,
        out: Answering,
    ) -> None:
        """Let the model answer, or one that may in its place."""
        *earlier, last = outgoing
        for each in earlier:
            try:
                await self._relay(each, wanted, running, out)
            except ModelAway:
                continue
            return
        await self._relay(last, wanted, running, out)

    async def _relay(
        self, outgoing: Outgoing, wanted: Wanted | None, running: Running, out: Answering
    ) -> None:
        running.served = outgoing.served
        headers: Headers = [
            *running.admitted.headers,
            (b"x-fumikura-model", outgoing.served.id.encode()),
        ]
        if wanted is None:
            await self.relay.relay(outgoing, running, out, headers)
        elif outgoing.asked.is_stream and wanted.schema is None:
            # Text goes on as it comes: that tools are called rightly is left to the model server.
            await self.relay.relay(made_strict(outgoing), running, out, headers)
        else:
            calls = StructuredCalls(self.relay)
            await calls.relay_checked(outgoing, wanted, running, out, headers)

    def _outgoing(
        self, asked: Asked, served: Served, caller: Caller, request: Request
    ) -> Iterator[Outgoing]:
        """Yield what goes to the model, then to each that the caller lets answer in its place."""
        salt = self._salt(caller)
        models = [served]
        if request.header(_FALLBACK) == "allow":
            callable_ = {model.id: model for model in self.models.of(caller)}
            models += [callable_[name] for name in served.fallbacks if name in callable_]
        for model in models:
            yield Outgoing(
                asked=asked,
                served=model,
                body=handed(asked, model, salt=salt),
                prefix=prefix_of(asked, salt=salt),
                request_id=request.id,
                may_wait=model is models[-1],
            )

    def _salt(self, caller: Caller) -> str:
        """Return what tells a person's cached prompts from those of others."""
        person = caller.principal.id.encode()
        return blake2b(person, key=self.secret[:64], digest_size=16).hexdigest()

    async def _tell_models(self, caller: Caller, request: Request, out: Answering) -> None:
        """Answer which models there are, or what one is."""
        name = unquote(request.path[len(MODELS) + 1 :])
        told: object
        if name:
            told = _told(self.models.find(name, caller))
        else:
            told = {"object": "list", "data": [_told(each) for each in self.models.of(caller)]}
        await out.start(200, [_JSON])
        await out.end(msgspec.json.encode(told))


def _route(path: str) -> str:
    """Return the path, if it is one of ours: what else somebody asks for may say anything."""
    if f"{path}/".startswith(f"{MODELS}/"):
        return MODELS
    return path if path in ENDPOINTS else ""


def _read(endpoint: Endpoint, request: Request) -> Asked:
    if endpoint.is_form:
        return read_form(endpoint, request.header(b"content-type") or "", request.body)
    return read_json(endpoint, request.body)


def _call_of(asked: Asked, served: Served, request: Request) -> Call:
    return Call(
        request_id=request.id,
        endpoint=asked.endpoint.path,
        model=served.id,
        asked_model=asked.model,
        most=asked.most(context=served.context),
        price=served.price,
        is_stream=asked.is_stream,
    )


def _deadline_s(request: Request) -> float:
    """Return how long the caller waits.

    Raises:
        FieldRefused: it is no number of seconds.
    """
    told = request.header(_TIMEOUT)
    if told is None:
        return _DEADLINE_S
    try:
        wanted = float(told)
    except ValueError:
        wanted = 0.0
    if not 0 < wanted <= _DEADLINE_S:
        raise FieldRefused(_TIMEOUT.decode(), f"seconds, above 0 and up to {_DEADLINE_S:g}")
    return wanted


def _told(model: Served) -> dict[str, Any]:
    """Return a model as OpenAI's API lists it, and beside that what it is for."""
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "fumikura",
        "task": model.task,
        "context": model.context,
        "aliases": list(model.aliases),
    }
