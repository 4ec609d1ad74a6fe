"""From what one worker, pod, writer and shard do to what a billion passages take: arithmetic."""

from dataclasses import dataclass
from math import ceil
from typing import Final

_S_A_DAY: Final = 86_400
_OF_WHAT_ANY_NUMBER_COULD: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Passages a second of one of each."""

    worker: float
    """Parse, cut and count terms: one CPU of the Ray cluster. Measured."""
    writer: float
    """Make points of them, put them into a store and flush: one process. Measured."""
    pod: float
    """Embed: one GPU with the model. Assumed."""
    shard: float
    """Take in points while it builds its index: one shard of the store. Assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """How many of each, and the passages a second that they are for."""

    passages_per_s: float
    workers: int
    writers: int
    pods: int
    shards: int


def contention(one: float, two: float) -> float:
    """Return the part of the work that cannot be shared, from what one and two workers do a second.

    Amdahl's law, which is Gunther's universal scalability law without its second term: two points
    fix one number. Below 0, where two did more than twice as much, counts as 0.
    """
    return max(2 * one / two - 1, 0.0)


def speedup(workers: int, *, contention: float, coherence: float = 0.0) -> float:
    """Return how many times as much as one worker so many do.

    Source: Gunther 2007, "Guerrilla Capacity Planning": N / (1 + σ(N - 1) + κN(N - 1)).
    """
    lost = contention * (workers - 1) + coherence * workers * (workers - 1)
    return workers / (1 + lost)


def machines(passages: float, *, days: float, rates: Rates, contention: float) -> Machines:
    """Return what it takes to index so many passages in so many days.

    Contention is that of one writer's workers: each writer, a process that indexes projects of its
    own, comes with its share of them, and there are as many writers as keep their workers well
    under the most that any number of them could do. Pods and shards do not wait for each other.
    """
    needed = passages / (days * _S_A_DAY)
    by_workers = needed / rates.worker * contention / _OF_WHAT_ANY_NUMBER_COULD
    writers = ceil(max(needed / rates.writer, by_workers))
    times = needed / writers / rates.worker
    each = max(ceil(times * (1 - contention) / (1 - contention * times)), 1)
    return Machines(
        passages_per_s=needed,
        workers=writers * each,
        writers=writers,
        pods=ceil(needed / rates.pod),
        shards=ceil(needed / rates.shard),
    )
