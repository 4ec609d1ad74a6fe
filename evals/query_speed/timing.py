"""Take turns, take times, and say how they spread."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

Ask = Callable[[str], Awaitable[object]]
_PAUSE_S: Final = 0.3  # threads of the one before still spin for a while


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: half of the times, and 99 of 100, are no longer."""

    p50_ms: float
    p99_ms: float
    times: int


def spread(seconds: Sequence[float]) -> Spread:
    """Return how times spread; at least one."""
    # With few times the 99th percentile is the longest of them, and never made up beyond it.
    highest = quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else seconds[0]
    return Spread(median(seconds) * 1000, highest * 1000, len(seconds))


async def in_turns(
    contenders: Mapping[str, Ask],
    rounds: Sequence[Mapping[str, Sequence[str]]],
    tick: Callable[[int], None],
) -> dict[str, dict[str, list[float]]]:
    """Return seconds by contender and query; in a round each in turn asks the queries meant for it.

    The first round is not timed: nothing that is timed was asked before.
    """
    seconds: dict[str, dict[str, list[float]]] = {name: {} for name in contenders}
    for turn, asked in enumerate(rounds):
        for name, ask in contenders.items():
            time.sleep(_PAUSE_S)  # noqa: ASYNC251 - nothing else runs in this loop
            for query in asked[name]:
                began = time.perf_counter()
                await ask(query)
                if turn:
                    seconds[name].setdefault(query, []).append(time.perf_counter() - began)
        tick(1)
    return seconds
