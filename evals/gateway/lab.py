"""Programs that are measured, each on a core of its own, and the client that measures them."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODEL: Final = "gpt-oss-20b"
_PROXY_CORE: Final = 0
_OTHER_CORE: Final = 1
_START_S: Final = 30.0
_ANSWER: Final = (
    '{"id":"chatcmpl-1","object":"chat.completion","created":0,"model":"' + MODEL + '","choices":'
    '[{"index":0,"message":{"role":"assistant","content":"' + "x" * 400 + '"},'
    '"finish_reason":"stop"}],"usage":{"prompt_tokens":120,"completion_tokens":90,'
    '"total_tokens":210}}'
)
_BODY: Final = (
    '{"model":"' + MODEL + '","messages":[{"role":"user","content":"' + "y" * 600 + '"}],'
    '"max_tokens":100}'
)
_KEY: Final = (
    *("keys", "create", "--name", "bench", "--for", "bench", "--scope", "models"),
    *("--requests-per-minute", "1000000000", "--tokens-per-day", "1000000000000"),
)
WAYS: Final = ("wire", "asgi")
"""What speaks HTTP in our gateway: itself, or uvicorn and aiohttp."""
_UNITS_MS: Final = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What a client got: answers a second, and the median time of one in ms."""

    per_s: float
    p50_ms: float
    errors: int


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that answers at a port, for who shows the key."""

    url: str
    key: str
    pid: int


class ToolMissing(Exception):
    """A program of Debian's is not there: nginx and wrk are needed."""


@contextmanager
def lab(folder: Path) -> Generator[tuple[Contender, Mapping[str, Contender]]]:
    """Start the upstream itself; before it nginx, and our gateway in both of its ways.

    Raises:
        ToolMissing: nginx or wrk is not installed.
    """
    for tool in ("nginx", "wrk", "taskset"):
        if shutil.which(tool) is None:
            raise ToolMissing(f"{tool}: apt install nginx-light wrk util-linux")
    with ExitStack() as stack:
        upstream, proxy = _free_port(), _free_port()
        answer = f"location / {{ default_type application/json; return 200 '{_ANSWER}'; }}"
        straight = stack.enter_context(_nginx(folder / "up", upstream, _OTHER_CORE, answer))
        passing = (
            "location / { proxy_pass http://up; proxy_http_version 1.1;"
            ' proxy_set_header Connection ""; }'
        )
        peers = f"upstream up {{ server 127.0.0.1:{upstream}; keepalive 64; }}"
        proxied = stack.enter_context(
            _nginx(folder / "proxy", proxy, _PROXY_CORE, passing, peers=peers)
        )
        contenders = {"nginx": proxied}
        for way in WAYS:
            ours = _gateway(folder / way, _free_port(), straight.url, way)
            contenders[f"fumikura, {way}"] = stack.enter_context(ours)
        yield straight, contenders


def measured(contender: Contender, folder: Path, *, connections: int, seconds: int) -> Load:
    """Ask for so many seconds over so many connections, each one call after the other."""
    script = folder / f"{connections}.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        f"wrk.body = [[{_BODY}]]\n"
        'wrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "Bearer {contender.key}"\n'
    )
    command = ["taskset", "-c", str(_OTHER_CORE), "wrk", "-t1", f"-c{connections}"]
    command += [f"-d{seconds}s", "--latency", "-s", str(script)]
    command.append(f"{contender.url}/v1/chat/completions")
    ran = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - Debian's program
    return load_in(ran.stdout)


def memory_mib(contender: Contender) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{contender.pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def load_in(printed: str) -> Load:
    """Return what wrk printed.

    Raises:
        ValueError: it is no result.
    """
    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", printed, re.MULTILINE)
    median = re.search(r"^\s+50%\s+([\d.]+)(us|ms|s)$", printed, re.MULTILINE)
    if rate is None or median is None:
        raise ValueError(f"wrk printed: {printed}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    return Load(
        float(rate[1]),
        float(median[1]) * _UNITS_MS[median[2]],
        int(failed[1]) if failed else 0,
    )


@contextmanager
def _nginx(
    folder: Path, port: int, core: int, location: str, *, peers: str = ""
) -> Generator[Contender]:
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(
        "daemon off; worker_processes 1; error_log stderr crit;\n"
        f"pid {folder}/pid;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; {peers} keepalive_requests 1000000;\n"
        f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; {location} }} }}\n"
    )
    command = ["taskset", "-c", str(core), "nginx", "-p", str(folder), "-c", str(config)]
    with _running(command, port) as process:
        yield Contender(f"http://127.0.0.1:{port}", "none", process.pid)


@contextmanager
def _gateway(folder: Path, port: int, upstream: str, way: str) -> Generator[Contender]:
    folder.mkdir()
    site = folder / "models.yaml"
    site.write_text(json.dumps({"deployments": [{"model": MODEL, "replicas": [upstream]}]}))
    own = {"FUMIKURA_DATA_FOLDER": str(folder / "data"), "FUMIKURA_CATALOGUE": str(site)}
    fumikura = [sys.executable, "-m", "service.cli.main"]
    made = subprocess.run(  # noqa: S603 - our own program
        [*fumikura, *_KEY], check=True, capture_output=True, text=True, env=os.environ | own
    )
    command = ["taskset", "-c", str(_PROXY_CORE), *fumikura, "gateway", "--port", str(port)]
    command += ["--http", way]
    with _running(command, port, own) as process:
        yield Contender(f"http://127.0.0.1:{port}", made.stdout.split()[0], process.pid)


@contextmanager
def _running(
    command: list[str], port: int, own: Mapping[str, str] | None = None
) -> Generator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, **(own or {})}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 - Debian's or our own
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing answers at port {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
