"""The shipped service over the same passages: its answers over HTTP, and how long it says it took.

The service's own `took_ms` is the call in its process, with its records and its access checks; what
the caller waited beyond that is what REST adds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import httpx2

from evals.access_timing.service import Running, served
from evals.query_speed.shelf import LIMIT
from evals.rdm_sync.product import Product

_TIMEOUT_S: Final = 30
_SETTINGS: Final = {"FUMIKURA_EMBEDDING__KIND": "local"}


@dataclass(frozen=True, slots=True)
class Answered:
    """Seconds that a caller waited, and of them those of the search inside the service."""

    waited: float
    inside: float


def installation(home: Path) -> Product:
    """Return a new installation in `home`, whose data folder is `home/data`."""
    return Product.at(home / "data", _SETTINGS)


def make_projects(product: Product, home: Path, *, count: int) -> list[str]:
    """Make folders of a file each, index them with the shipped command, and return their ids."""
    ids: list[str] = []
    for number in range(count):
        folder = home / f"folder-{number}"
        folder.mkdir(parents=True)
        (folder / "readme.md").write_text(f"Project {number}.", encoding="utf-8")
        report, _ = product.index(str(folder))
        ids.append(report.project_id)
    return ids


def answered(
    product: Product,
    warm: Sequence[str],
    queries: Sequence[str],
    *,
    readable: Sequence[str],
    tick: Callable[[int], None],
) -> list[Answered]:
    """Serve the installation, ask it other queries to warm it up, then these one by one.

    The caller has a key for the projects `readable`.
    """
    with served(product.settings) as service, _client(service, _key(service, readable)) as caller:
        answers: list[Answered] = []
        for number, query in enumerate([*warm, *queries]):
            asked = {"query": query, "limit": LIMIT}
            began = perf_counter()
            answer = caller.post("/v1/search", json=asked)
            waited = perf_counter() - began
            inside = answer.raise_for_status().json()["took_ms"] / 1000
            if number >= len(warm):
                answers.append(Answered(waited, inside))
            tick(1)
        return answers


def _key(service: Running, readable: Sequence[str]) -> str:
    wanted = {"name": "searcher", "scopes": ["read"], "projects": list(readable)}
    with _client(service, service.operator_token) as operator:
        made = operator.post("/v1/keys", json=wanted).raise_for_status()
        return str(made.json()["key"])


def _client(service: Running, secret: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx2.Client(base_url=service.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
