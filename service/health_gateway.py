"""Whether the models of the catalogue answer where it says that they do."""

import asyncio
from collections.abc import Sequence

from contracts.problems import Problem
from service.checks import Check
from service.settings import Settings

_NAME = "models"


async def check_deployments(settings: Settings) -> Check:
    """Read the catalogue, and ask every replica whether it is ready."""
    from inference.catalogue.reading import read_catalogue  # noqa: PLC0415 - not for every check
    from service.model_servers import commands_here  # noqa: PLC0415 - not for every check

    try:
        catalogue = await asyncio.to_thread(read_catalogue, settings.catalogue)
        here = list(commands_here(catalogue, settings))  # what they need is there
    except Problem as problem:
        return Check(name=_NAME, state="broken", detail=problem.message, hint=problem.hint)
    replicas = [(each.model, url) for each in catalogue.deployments for url in each.urls]
    if not replicas and not here:
        hint = "Say in a file where models answer, and name it in FUMIKURA_CATALOGUE."
        return Check(name=_NAME, state="off", detail="none is deployed", hint=hint)
    return _told(len(replicas), await _silent(replicas), here)


async def _silent(replicas: Sequence[tuple[str, str]]) -> list[str]:
    """Return the replicas that do not answer that they are ready."""
    from inference.gateway.aiohttp_upstream import open_upstream  # noqa: PLC0415 - loads aiohttp

    async with open_upstream() as upstream:
        ready = await asyncio.gather(*(upstream.is_ready(url) for _, url in replicas))
    return [
        f"{model} at {url}"
        for (model, url), is_ready in zip(replicas, ready, strict=True)
        if not is_ready
    ]


def _told(replicas: int, silent: Sequence[str], here: Sequence[str]) -> Check:
    answer = [f"{replicas - len(silent)} of {replicas} replicas answer"] if replicas else []
    started = [f"started here with the service: {', '.join(here)}"] if here else []
    detail = "; ".join([*answer, *started])
    if not silent:
        return Check(name=_NAME, state="ok", detail=detail)
    hint = "Do these servers run, and does their `/health` answer 200?"
    return Check(
        name=_NAME, state="broken", detail=f"{detail}; not {', '.join(silent[:5])}", hint=hint
    )
