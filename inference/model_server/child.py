"""A child that reads one thing: limits first, then standard input, then one answer."""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

Read = Callable[[Mapping[str, Any], bytes], tuple[Mapping[str, object], bytes]]


class Unreadable(Exception):
    """What was sent cannot be read; the reason may be shown."""


def answer_one(read: Read) -> None:
    """Answer with what `read` makes of the job in the argument and the bytes of the input."""
    job = json.loads(sys.argv[1])
    _limit(job["limits"])
    try:
        facts, made = read(job, sys.stdin.buffer.read())
    except Unreadable as unreadable:
        facts, made = {"failure": str(unreadable)}, b""
    except MemoryError:
        facts, made = {"failure": "it takes too much memory"}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + made)


def _limit(limits: Mapping[str, Any]) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _, highest = resource.getrlimit(what)
        allowed = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(what, (allowed, allowed))
