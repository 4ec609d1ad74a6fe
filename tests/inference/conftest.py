"""An endpoint to talk to, and the local model loaded once."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inference.bge_m3_embedder import BgeM3Embedder, open_bge_m3_embedder
from inference.local_embedder import LocalEmbedder, has_local_embedding, open_local_embedder
from inference.settings import EmbeddingSettings
from tests.inference.tiny_bge_m3 import MAX_TOKENS, write_tiny_bge_m3, write_tiny_reranker
from tests.servers.openai import OpenAIStandIn, openai_stand_in


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("4 度で保管します。") as stand_in:
        yield stand_in


_OPEN = """
import asyncio, sys
from inference.bge_m3_embedder import BgeM3Embedder, open_bge_m3_embedder
from inference.local_embedder import open_local_embedder
def watch(event, details):
    if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
        with open(sys.argv[1], "a") as calls:  # a file, because a forked child may be the one
            print(event, details, file=calls)
sys.addaudithook(watch)
embedder = open_local_embedder()
asyncio.run(embedder.embed_query("steel"))
print(embedder.count_tokens("steel"))
print(sorted({"torch", "transformers", "sentence_transformers"} & sys.modules.keys()))
"""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What a process said, kept and called that embedded one query in a new home."""

    said: list[str]
    noise: str
    home: Path
    network_calls: Path


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    if not has_local_embedding():
        pytest.skip("LOCAL MODEL NOT TESTED: the extra `local` is not installed")
    home = tmp_path_factory.mktemp("home")
    calls = tmp_path_factory.mktemp("calls") / "network_calls"
    ran = subprocess.run(
        [sys.executable, "-c", _OPEN, str(calls)],
        capture_output=True,
        text=True,
        env=os.environ | {"HOME": str(home)},
        check=False,
    )
    return FirstStart(ran.stdout.splitlines(), ran.stderr, home, calls)


@pytest.fixture(scope="session")
def minilm() -> LocalEmbedder:
    if not has_local_embedding():
        pytest.skip("LOCAL MODEL NOT TESTED: the extra `local` is not installed")
    return open_local_embedder()


@pytest.fixture(scope="session")
def tiny_bge_m3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random bge-m3, as the real checkpoint lies in one."""
    _need_torch()
    return write_tiny_bge_m3(tmp_path_factory.mktemp("bge-m3"))


@pytest.fixture(scope="session")
def tiny_reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random cross-encoder."""
    _need_torch()
    return write_tiny_reranker(tmp_path_factory.mktemp("reranker"))


@pytest.fixture(scope="session")
def bge_m3(tiny_bge_m3: Path) -> BgeM3Embedder:
    return open_bge_m3_embedder(
        EmbeddingSettings(kind="bge-m3", folder=tiny_bge_m3, colbert=True, max_tokens=MAX_TOKENS)
    )


def _need_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("BGE-M3 IN PROCESS NOT TESTED: the extra `local` is not installed")
