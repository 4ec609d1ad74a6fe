"""The gateway to models, opened: catalogue, replicas, keys, limits, records of usage."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.trace import Tracer

from inference.catalogue.reading import Catalogue, read_catalogue
from inference.gateway.aiohttp_upstream import open_upstream
from inference.gateway.handling import Handler
from inference.gateway.pool import Patience, Pool
from inference.gateway.relay import Relay
from inference.gateway.served import Directory, Served
from inference.gateway.tracing import UNTRACED
from inference.gateway.upstream import Upstream
from inference.runtimes.kept import Kept
from inference.settings import GatewaySettings
from service.callers import KeyCallers
from service.limits.limiting import limiting
from service.metering import Metering
from service.model_servers import kept_here
from service.pool_gauges import render_pools
from service.problems import ModelKeyMissing
from service.usage.journal import Journal
from service.usage.meters import ModelMeters
from service.usage.moving import moved
from service.wiring import Records

Connections = Callable[[], AbstractAsyncContextManager[Upstream]]
"""Opens those to model servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGateway:
    """What is open while models are served."""

    handler: Handler
    meters: ModelMeters
    kept: Sequence[Kept] = ()
    """Servers that are started on this machine."""

    def render(self) -> bytes:
        """Return what models were used for, and how busy they are, for Prometheus."""
        return self.meters.render() + render_pools(self.models.models)

    @property
    def models(self) -> Directory:
        """The models that have replicas."""
        return self.handler.models


@asynccontextmanager
async def open_model_gateway(
    records: Records,
    *,
    catalogue: Catalogue | None = None,
    local_token: str | None = None,
    tracer: Tracer = UNTRACED,
    connections: Connections = open_upstream,
) -> AsyncGenerator[ModelGateway]:
    """Read the catalogue, unless it is given, and open what the gateway needs.

    Who calls a model that is being started here is held.

    Raises:
        CatalogueInvalid, CatalogueMissing: the site's file does not fit, or cannot be read.
        ModelKeyMissing: a deployment names a variable that is not set.
        ProgramMissing, WeightsUnfit, ArgumentRefused: a model cannot be started here.
    """
    settings, secret = records.settings, records.keys.secret
    shown = catalogue or await _catalogue(settings.catalogue)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(connections())
        kept = kept_here(shown, settings)
        models = list(_served(shown, upstream, kept, _patience(settings.gateway)))
        await stack.enter_async_context(_open_pools(models, kept))
        journal = Journal(settings.usage_folder)
        mover = await stack.enter_async_context(moved(journal, records.database))
        limits = await stack.enter_async_context(limiting(records.database))
        meters = ModelMeters(secret=secret)
        callers = KeyCallers(keys=records.keys, database=records.database, local_token=local_token)
        yield ModelGateway(
            handler=Handler(
                callers=callers,
                meter=Metering(limits=limits, journal=mover.journal, meters=meters),
                models=Directory(models),
                relay=Relay(upstream=upstream, tracer=tracer),
                secret=secret,
            ),
            meters=meters,
            kept=list(kept.values()),
        )


async def _catalogue(site: Path | None) -> Catalogue:
    return await asyncio.to_thread(read_catalogue, site)


@asynccontextmanager
async def _open_pools(models: Sequence[Served], kept: Mapping[str, Kept]) -> AsyncGenerator[None]:
    async with AsyncExitStack() as stack:
        for model in models:
            stack.push_async_callback(model.pool.close)
            if model.id in kept:
                await stack.enter_async_context(kept[model.id].within(model.pool))
        yield


def _patience(chosen: GatewaySettings) -> Patience:
    return Patience(hold_s=chosen.hold_s, most_held=chosen.most_held, start_s=chosen.start_s)


def _served(
    catalogue: Catalogue, upstream: Upstream, kept: Mapping[str, Kept], patience: Patience
) -> Iterator[Served]:
    for deployment in catalogue.deployments:
        card = catalogue.find(deployment.model)
        wake = kept[card.id].wake if card.id in kept else None
        yield Served(
            id=card.id,
            task=card.task,
            runtime=deployment.runtime or card.runtime,
            pool=Pool(
                card.id, deployment.urls, probe=upstream.is_ready, patience=patience, wake=wake
            ),
            upstream_name=deployment.served_name or card.id,
            context=card.context,
            api_key=_api_key(card.id, deployment.api_key_env),
            price=card.price,
            thinks="reasoning" in card.capabilities,
            thinks_at_once=card.thinks_at_once,
            aliases=card.aliases,
            fallbacks=card.fallbacks,
        )


def _api_key(model: str, variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable)
    if not key:
        raise ModelKeyMissing(model, variable=variable)
    return key
