"""The shipped service before a stand-in for RDM, each in a process of its own."""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.rdm_sync.product import Product

_SERVE: Final = (sys.executable, "-m", "service.cli.main", "serve", "--port", "0")
_WORLD: Final = (sys.executable, "-m", "evals.access_timing.world_program")
_NODES: Final = ("priv1", "mine1")
_STOP_WITHIN_S: Final = 30


@dataclass(frozen=True, slots=True)
class Running:
    """Where the service is, who may do everything there, and a key that was granted everything."""

    url: str
    operator_token: str
    key: str


@contextmanager
def running(home: Path) -> Generator[Running]:
    """Index two projects of RDM and serve them until the block ends; needs a clone of the source.

    Raises:
        CalledProcessError: a project could not be indexed; why was written to the standard error.
    """
    with subprocess.Popen(  # noqa: S603 - a program of ours
        _WORLD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as world:
        if world.stdin is None or world.stdout is None:
            raise RuntimeError("both are pipes")
        settings = {**json.loads(world.stdout.readline()), **_settings()}
        product = Product.at(home / "data", settings)
        for node in _NODES:
            product.index(f"rdm:{node}")
        with served(product.settings) as service:
            yield service
        world.stdin.close()


@contextmanager
def served(settings: Mapping[str, str]) -> Generator[Running]:
    """Serve an installation that was never served before, until the block ends."""
    with subprocess.Popen(  # noqa: S603 - a program of ours
        _SERVE, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("it is a pipe")
        try:
            words = _first_words(process.stdout)
            announced = Path(settings["FUMIKURA_DATA_FOLDER"]) / "service.json"
            service = json.loads(announced.read_text(encoding="utf-8"))
            [key] = [word for word in words if word.startswith("fmk_")]
            yield Running(service["url"], service["token"], key)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_WITHIN_S)


def _first_words(lines: Iterable[str]) -> list[str]:
    """Return what the service says before it begins to wait."""
    words: list[str] = []
    for line in lines:
        words += line.split()
        if "Ctrl-C." in words:
            break
    return words


def _settings() -> dict[str, str]:
    return {
        "FUMIKURA_EMBEDDING__KIND": "hash",
        "FUMIKURA_TOKEN_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
