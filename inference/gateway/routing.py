"""Which replica of a model gets a call: the one that has read the prompt's beginning, unless busy.

Rendezvous hashing (Thaler & Ravishankar 1998) sends equal prefixes to one replica, whose cache then
holds them, and moves few when replicas come and go; a bound on the load (Mirrokni et al. 2018,
"Consistent hashing with bounded loads") keeps a popular prefix from piling up there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

_SLACK: Final = 1.25
"""A replica takes no more than this many times the mean of calls, rounded up, for a prefix."""
_SPARE: Final = 2


@dataclass(frozen=True, slots=True)
class Load:
    """A replica that answers, and how many calls it works on."""

    url: str
    in_flight: int


def choose(replicas: Sequence[Load], *, prefix: bytes | None) -> str | None:
    """Return the URL of the replica for a call whose prompt begins with `prefix`; None: no replica.

    Without a prefix the least busy one; of equally busy ones the first.
    """
    if not replicas:
        return None
    least = min(replicas, key=lambda each: each.in_flight)
    if prefix is None or len(replicas) == 1:
        return least.url
    mean = (sum(each.in_flight for each in replicas) + 1) / len(replicas)
    bound = max(mean * _SLACK, least.in_flight + _SPARE)
    fitting = [each for each in replicas if each.in_flight < bound]
    return max(fitting, key=lambda each: _weight(prefix, each.url)).url


def _weight(prefix: bytes, url: str) -> bytes:
    return blake2b(url.encode() + b"\0" + prefix, digest_size=8).digest()
