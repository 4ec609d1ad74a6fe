"""Print what the gateway records beside what vLLM counts: `python -m evals.metering --url …`."""

import asyncio
import json
import random
import re
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import aiohttp
import anyio
import click
from rich.console import Console
from rich.table import Table

from evals.metering.desk import Remembered, gateway_to

_AT_ONCE: Final = 8
_CONTEXT: Final = 4_096
_SETTLE_S: Final = 2.0
"""The engine counts a request that was given up a moment later."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was read, and what was written."""

    prompt: int
    completion: int


@click.command()
@click.option("--url", required=True, help="Of the vLLM server, without /v1.")
@click.option("--model", required=True, help="Its name there.")
@click.option("--calls", type=click.IntRange(1), default=500, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, url: str, model: str, calls: int, as_json: bool) -> None:
    """Call a model whole, as a stream, and hanging up; exit with 1 where the sums differ.

    Nobody else may call the server meanwhile.
    """
    engine, recorded, outcomes = asyncio.run(_measured(url.rstrip("/"), model, calls))
    if as_json:
        figures = {"engine": asdict(engine), "recorded": asdict(recorded), "outcomes": outcomes}
        click.echo(json.dumps(figures, indent=2))
    else:
        told = ", ".join(f"{number} {name}" for name, number in sorted(outcomes.items()))
        table = Table("tokens", "the engine", "the gateway", title=f"{calls} calls: {told}")
        table.add_row("of prompts", f"{engine.prompt:,}", f"{recorded.prompt:,}")
        table.add_row("of answers", f"{engine.completion:,}", f"{recorded.completion:,}")
        Console().print(table)
    sys.exit(engine != recorded)


async def _measured(url: str, model: str, calls: int) -> tuple[Tokens, Tokens, dict[str, int]]:
    async with aiohttp.ClientSession() as session, gateway_to(url, model, _CONTEXT) as desk:
        gateway, meter = desk
        before = await _counted(session, url)
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            async with turn:
                await _call(session, gateway, model, number)

        await asyncio.gather(*map(one, range(calls)))
        await _all_ended(meter)
        after = await _counted(session, url)
    engine = Tokens(after.prompt - before.prompt, after.completion - before.completion)
    recorded = Tokens(
        sum(ended.used.prompt_tokens for ended in meter.ended),
        sum(ended.used.completion_tokens for ended in meter.ended),
    )
    return engine, recorded, dict(Counter(ended.outcome for ended in meter.ended))


async def _call(session: aiohttp.ClientSession, gateway: str, model: str, number: int) -> None:
    """Call once: a quarter whole, a quarter hung up on, the others as streams."""
    chance = random.Random(number)  # noqa: S311 - the same calls every time
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "x" * chance.randint(1, 200)}],
        "max_tokens": chance.randint(5, 120),
        "ignore_eos": True,
        "seed": number,
        "stream": number % 4 != 0,
    }
    hang_up_after = chance.randint(1, 20) if number % 4 == 3 else None
    async with session.post(f"{gateway}/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        parts = 0
        async for _ in response.content.iter_any():
            parts += 1
            if parts == hang_up_after:
                response.close()
                return


async def _all_ended(meter: Remembered) -> None:
    with anyio.fail_after(60):
        while meter.running:  # noqa: ASYNC110 - nothing tells of it
            await anyio.sleep(0.05)
    await anyio.sleep(_SETTLE_S)


async def _counted(session: aiohttp.ClientSession, url: str) -> Tokens:
    async with session.get(f"{url}/metrics") as response:
        text = await response.text()
    return Tokens(
        _sum(text, "vllm:prompt_tokens_total"), _sum(text, "vllm:generation_tokens_total")
    )


def _sum(text: str, name: str) -> int:
    found = re.findall(rf"^{re.escape(name)}{{[^}}]*}} (\S+)$", text, re.MULTILINE)
    return int(sum(map(float, found)))


if __name__ == "__main__":
    main()
