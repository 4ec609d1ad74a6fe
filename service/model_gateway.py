"""The gateway to models, opened: catalogue, replicas, keys, limits, records of usage."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from inference.catalogue.reading import Catalogue, read_catalogue
from inference.gateway.handling import Handler
from inference.gateway.pool import Pool
from inference.gateway.relay import Relay
from inference.gateway.served import Directory, Served
from inference.gateway.tracing import UNTRACED
from inference.gateway.upstream import Upstream, open_upstream
from service.callers import KeyCallers
from service.limits.limiting import limiting
from service.metering import Metering
from service.pool_gauges import render_pools
from service.problems import ModelKeyMissing
from service.usage.journal import Journal
from service.usage.meters import ModelMeters
from service.usage.moving import moved
from service.wiring import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGateway:
    """What is open while models are served."""

    handler: Handler
    meters: ModelMeters

    def render(self) -> bytes:
        """Return what models were used for, and how busy they are, for Prometheus."""
        return self.meters.render() + render_pools(self.models.models)

    @property
    def models(self) -> Directory:
        """The models that have replicas."""
        return self.handler.models


@asynccontextmanager
async def open_model_gateway(
    records: Records, *, local_token: str | None = None, tracer: Tracer = UNTRACED
) -> AsyncGenerator[ModelGateway]:
    """Read the catalogue, and open what the gateway needs.

    Raises:
        CatalogueInvalid, CatalogueMissing: the site's file does not fit, or cannot be read.
        ModelKeyMissing: a deployment names a variable that is not set.
    """
    settings, secret = records.settings, records.keys.secret
    catalogue = await asyncio.to_thread(read_catalogue, settings.catalogue)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(open_upstream())
        models = list(_served(catalogue, upstream))
        for model in models:
            stack.push_async_callback(model.pool.close)
        mover = await stack.enter_async_context(
            moved(Journal(settings.usage_folder), records.database)
        )
        limits = await stack.enter_async_context(limiting(records.database))
        meters = ModelMeters(secret=secret)
        yield ModelGateway(
            handler=Handler(
                callers=KeyCallers(
                    keys=records.keys, database=records.database, local_token=local_token
                ),
                meter=Metering(limits=limits, journal=mover.journal, meters=meters),
                models=Directory(models),
                relay=Relay(upstream=upstream, tracer=tracer),
                secret=secret,
            ),
            meters=meters,
        )


def _served(catalogue: Catalogue, upstream: Upstream) -> Iterator[Served]:
    for deployment in catalogue.deployments:
        card = catalogue.find(deployment.model)
        yield Served(
            id=card.id,
            task=card.task,
            runtime=deployment.runtime or card.runtime,
            pool=Pool(card.id, deployment.urls, probe=upstream.is_ready),
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
