"""Ask for answers of one length, so many at once, and look at the clock at every piece."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles
from typing import Any, Final

import aiohttp

_EVENT: Final = b"data: "
_DONE: Final = b"data: [DONE]"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz     "


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask: a URL with its `/v1`."""

    url: str
    model: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """Of a prompt, in bytes, and of its answer, in tokens."""

    prompt: int
    answer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer: seconds from the question to its first piece and to its end, and its tokens."""

    first_s: float
    whole_s: float
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What so many callers at once got. Times are medians, `first_p99_s` is the 99th percentile."""

    tokens_per_s: float
    """Those of prompts and of answers."""
    written_per_s: float
    first_s: float
    first_p99_s: float
    inter_token_s: float
    whole_s: float
    failed: int


class AnswerFailed(Exception):
    """There was no whole answer."""


async def served(
    server: Server, length: Length, *, at_once: int, calls: int, progress: Callable[[], None]
) -> Served:
    """Ask until so many calls were answered, always `at_once` of them; each has a new prompt."""
    timeout = aiohttp.ClientTimeout(total=3_600)
    numbers = iter(range(calls))
    answers: list[Answered] = []
    failed = 0

    async def ask_on(session: aiohttp.ClientSession) -> None:
        nonlocal failed
        for number in numbers:
            try:
                answers.append(await _ask(session, server, length, number))
            except (AnswerFailed, aiohttp.ClientError):
                failed += 1
            progress()

    began = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        await asyncio.gather(*(ask_on(session) for _ in range(at_once)))
    return summed_up(answers, time.perf_counter() - began, failed)


def summed_up(answers: Sequence[Answered], seconds: float, failed: int) -> Served:
    """Return what the answers of so many seconds amount to.

    Raises:
        AnswerFailed: there is none.
    """
    if not answers:
        raise AnswerFailed
    written = sum(each.completion_tokens for each in answers)
    read = sum(each.prompt_tokens for each in answers)
    firsts = [each.first_s for each in answers]
    return Served(
        tokens_per_s=(read + written) / seconds,
        written_per_s=written / seconds,
        first_s=median(firsts),
        first_p99_s=quantiles(firsts, n=100)[-1] if len(firsts) > 1 else firsts[0],
        inter_token_s=median(
            (each.whole_s - each.first_s) / max(1, each.completion_tokens - 1) for each in answers
        ),
        whole_s=median(each.whole_s for each in answers),
        failed=failed,
    )


async def _ask(
    session: aiohttp.ClientSession, server: Server, length: Length, number: int
) -> Answered:
    headers = {} if server.key is None else {"authorization": f"Bearer {server.key}"}
    body = {
        "model": server.model,
        "prompt": _prompt(length.prompt, number),
        "max_tokens": length.answer,
        "ignore_eos": True,
        "temperature": 1.0,
        "seed": number,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    began = time.perf_counter()
    first_s: float | None = None
    usage: dict[str, Any] = {}
    is_whole = False
    async with session.post(f"{server.url}/completions", json=body, headers=headers) as response:
        if response.status != 200:
            raise AnswerFailed(f"HTTP {response.status}")
        async for line in response.content:
            is_whole = is_whole or line.startswith(_DONE)
            if not line.startswith(_EVENT) or is_whole:
                continue
            first_s = first_s or time.perf_counter() - began
            usage = json.loads(line[len(_EVENT) :]).get("usage") or usage
    if first_s is None or not is_whole or not usage:
        raise AnswerFailed
    return Answered(
        first_s=first_s,
        whole_s=time.perf_counter() - began,
        prompt_tokens=usage["prompt_tokens"],
        completion_tokens=usage["completion_tokens"],
    )


def _prompt(length: int, number: int) -> str:
    """Return a text that no other call has, so that no cache holds its beginning."""
    return "".join(Random(number).choices(_LETTERS, k=length))  # noqa: S311 - no secret
