"""`python -m tests.fuzz_rest`: requests made from the API's own description, none answered 5xx.

The service runs as a process, with models and an RDM on loopback; Schemathesis asks it, from an
environment of its own (`make fuzz-rest`).
"""

import argparse
import asyncio
import json
import os
import re
import secrets
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import httpx2

from contracts.principal import ALL_SCOPES
from tests.servers.openai import MODEL, openai_stand_in
from tests.servers.rdm import serve_rdm
from tests.servers.rdm_world import RdmWorld

_PYTHON: Final = Path(__file__).parents[2] / ".venv-schemathesis" / "bin" / "python"
_TOKEN: Final = "t" * 40
_BYTES: Final = bytes([*range(0x21, 0x7F), *range(0x80, 0x100)])
"""What a header may hold; a client refuses to send others."""
_PREFIXES: Final = (b"Bearer ", b"Bearer fmk_", b"bearer\t", b"Basic ", b"")
_FUMIKURA: Final = (sys.executable, "-m", "service.cli.main")


def main() -> int:
    """Ask; return 1 if an answer was 5xx, or the service did not outlive the questions."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_rest", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="Of the API's description.")
    parser.add_argument("--keys", type=int, default=10_000, help="Forged Authorization headers.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    asked = parser.parse_args()
    if not _PYTHON.is_file():
        _say(f"no {_PYTHON}: `make fuzz-rest` makes it")
        return 1
    _say(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory(prefix="fumikura-fuzz-") as folder:
        return asyncio.run(_fuzz(Path(folder), asked))


async def _fuzz(folder: Path, asked: argparse.Namespace) -> int:
    async with _environment(folder) as environment, _service(environment) as (url, key, service):
        statuses = await _forged(url, asked.keys, asked.seed)
        _say(f"forged headers, by status: {dict(statuses)}")
        failed = await _schemathesis(url, key, asked)
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
            is_alive = (await client.get("/readyz")).status_code == 200
        is_alive = is_alive and service.returncode is None
    _say("the service " + ("is ready still" if is_alive else "IS NOT READY ANY MORE"))
    return 1 if failed or not is_alive or any(status != 401 for status in statuses) else 0


@asynccontextmanager
async def _environment(folder: Path) -> AsyncGenerator[Mapping[str, str]]:
    """Yield the settings of a service that has all that its routes work with."""
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=_TOKEN)
    world.add_node("top01", title="鋼の疲労")
    world.grant("u1aok", "top01", "admin")
    world.put("top01", "/疲労試験.md", "# 疲労試験\n10^7 回".encode())
    projects = folder / "projects"
    (projects / "alloy").mkdir(parents=True)
    (projects / "alloy" / "熱処理.md").write_text(
        "溶体化処理は 480 ℃ で 2 時間。", encoding="utf-8"
    )
    async with openai_stand_in("はい。") as server, serve_rdm(world) as rdm:
        deployed = [
            {"model": model, "replicas": [server.url.removesuffix("/v1")], "served_name": MODEL}
            for model in ("gpt-oss-20b", "bge-m3")
        ]
        (folder / "models.yaml").write_text(json.dumps({"deployments": deployed}))
        yield os.environ | {
            "FUMIKURA_DATA_FOLDER": str(folder / "data"),
            "FUMIKURA_EMBEDDING__KIND": "hash",
            "FUMIKURA_CATALOGUE": str(folder / "models.yaml"),
            "FUMIKURA_CHAT__BASE_URL": server.url,
            "FUMIKURA_CHAT__MODEL": MODEL,
            "FUMIKURA_FOLDER_ROOTS": json.dumps([str(projects)]),
            "FUMIKURA_TOKEN_KEYS": b64encode(b"k" * 32).decode(),
            "FUMIKURA_RDM__TOKEN": _TOKEN,
            **{
                f"FUMIKURA_{instance}__{name}": url
                for instance in ("RDM", "OSF")
                for name, url in (
                    ("API_URL", rdm.api_url),
                    ("WEB_URL", rdm.web_url),
                    ("FILES_URL", rdm.files_url),
                )
            },
        }


@asynccontextmanager
async def _service(environment: Mapping[str, str]) -> AsyncGenerator[tuple[str, str, Process]]:
    """Yield the URL of a service, and a key with every scope."""
    scopes = [option for scope in sorted(ALL_SCOPES) for option in ("--scope", scope)]
    arguments = ("keys", "create", "--name", "fuzz", "--for", "fuzz", "-p", "*", *scopes)
    made = await asyncio.create_subprocess_exec(
        *_FUMIKURA, *arguments, env=environment, stdout=PIPE
    )
    key = (await made.communicate())[0].decode().split()[0]
    service = await asyncio.create_subprocess_exec(
        *_FUMIKURA, "serve", "--port", "0", env=environment, stdout=PIPE
    )
    assert service.stdout is not None
    try:
        async for line in service.stdout:
            if url := re.search(r"http://\S+", line.decode()):
                yield url[0], key, service
                break
    finally:
        if service.returncode is None:
            service.send_signal(signal.SIGTERM)
        await service.communicate()


async def _forged(url: str, count: int, seed: int) -> Counter[int]:
    """Return how often each status answered a forged header."""
    drawn = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    statuses: Counter[int] = Counter()
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        for number in range(count):
            value = _PREFIXES[number % len(_PREFIXES)] + bytes(
                drawn.choices(_BYTES, k=drawn.randrange(200))
            )
            path = "/v1/models" if number % 2 else "/v1/projects"
            answer = await client.get(path, headers=[(b"authorization", value.strip())])
            statuses[answer.status_code] += 1
    return statuses


async def _schemathesis(url: str, key: str, asked: argparse.Namespace) -> int:
    """Let it ask; return its exit status."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        described = (await client.get("/openapi.json")).json()
    operations = sum(len(methods) for methods in described["paths"].values())
    options = {
        "--header": f"Authorization: Bearer {key}",
        "--checks": "not_a_server_error",
        "--phases": "examples,coverage,fuzzing",
        "--max-examples": str(-(-asked.cases // operations)),
        "--seed": str(asked.seed),
        "--request-timeout": "120",
        "--generation-database": "none",
        "--workers": "2",
    }
    asking = await asyncio.create_subprocess_exec(
        *(str(_PYTHON), "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
        *(word for option in options.items() for word in option),
        *("--continue-on-failure", "--no-color"),
    )
    return await asking.wait()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
