"""A real vLLM server on the CPU, started as a runtime: it answers, and ends with its engine.

Needs an environment of its own (`make vllm`); the test is skipped, loudly, where it is missing.
"""

import importlib.util
from pathlib import Path

import httpx2
import pytest

from inference.runtimes.command import Programs
from inference.runtimes.process import Options, running
from inference.runtimes.to_serve import ToServe
from tests.inference.agreement import environment_python
from tests.inference.runtimes.left_behind import all_gone, group
from tests.inference.tiny_llama import CONTEXT, write_tiny_llama


async def test_vllm_answers_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = environment_python("FUMIKURA_VLLM_PYTHON", ".venv-vllm", "vllm")
    if importlib.util.find_spec("torch") is None:
        pytest.skip("REAL VLLM NOT STARTED: the extra `local` is not installed")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    served = ToServe(
        id="llama",
        served_name="our-llama",
        runtime="vllm",
        task="chat",
        weights=write_tiny_llama(tmp_path / "llama"),
        arguments=["--dtype", "float32", "--enforce-eager"],
        context=CONTEXT,
    )
    programs = Programs(vllm_python=python)
    options = Options(log_folder=tmp_path / "logs", programs=programs, ready_s=240, grace_s=5)
    async with running(served, options) as server:
        processes = group(server.pid)
        asked = {"model": "our-llama", "prompt": "鋼", "max_tokens": 3}
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
            answer = await client.post("/v1/completions", json=asked, timeout=60)
    assert answer.json()["usage"]["completion_tokens"] <= 3
    assert len(processes) > 1  # the engine is a process of its own
    await all_gone(processes)
