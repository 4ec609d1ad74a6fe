"""An endpoint to talk to, and the local model loaded once."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inference.local_embedder import LocalEmbedder, has_local_embedding, open_local_embedder
from tests.servers.openai import OpenAIStandIn, openai_stand_in


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("4 度で保管します。") as stand_in:
        yield stand_in


_OPEN = """
import asyncio, sys
from pathlib import Path
from inference.local_embedder import open_local_embedder
def watch(event, details):
    if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
        with open(sys.argv[2], "a") as calls:  # a file, because a forked child may be the one
            print(event, details, file=calls)
sys.addaudithook(watch)
embedder = open_local_embedder(Path(sys.argv[1]))
asyncio.run(embedder.embed_query("steel"))
print(embedder.count_tokens("steel"))
"""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What two processes said, kept and called that converted the model at the same time."""

    said: list[str]
    noise: list[str]
    cache: Path
    home: Path
    network_calls: Path


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    if not has_local_embedding():
        pytest.skip("LOCAL MODEL NOT TESTED: the extra `local` is not installed")
    cache = tmp_path_factory.mktemp("cache") / "models"
    home = tmp_path_factory.mktemp("home")
    calls = home / "network_calls"
    command = [sys.executable, "-c", _OPEN, str(cache), str(calls)]
    environment = os.environ | {"HOME": str(home)}
    both = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    said, noise = zip(*(process.communicate() for process in both), strict=True)
    return FirstStart([text.strip() for text in said], list(noise), cache, home, calls)


@pytest.fixture(scope="session")
def minilm(first_start: FirstStart) -> LocalEmbedder:
    return open_local_embedder(first_start.cache)
