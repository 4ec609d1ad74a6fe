"""One thing that the service depends on: whether it works, and what to do where it does not."""

import asyncio
from collections.abc import Awaitable
from typing import Final, Literal

from pydantic import BaseModel

from contracts.problems import Problem

DEADLINE_S: Final = 10.0


class Check(BaseModel, frozen=True):
    """What was found.

    `off`: not configured, and fine; `missing`: something is left out for want of it; `broken`:
    configured, and does not work. `hint` says what to do where it is not ok.
    """

    name: str
    state: Literal["ok", "off", "missing", "broken"]
    detail: str
    hint: str = ""


async def checked(
    name: str, detail: str, work: Awaitable[str | None], *, hint: str | None = None
) -> Check:
    """Return `ok`, with what `work` has to say, when it succeeds in time; else `broken`.

    `hint` is given where a problem's own would send its reader here.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            said = await work
    except Problem as problem:
        advice = problem.hint if hint is None else hint
        return Check(name=name, state="broken", detail=f"{detail}: {problem.message}", hint=advice)
    except TimeoutError:
        advice = hint or "Is the address right, and does a firewall let it through?"
        late = f"{detail}: no answer within {DEADLINE_S:g} s"
        return Check(name=name, state="broken", detail=late, hint=advice)
    return Check(name=name, state="ok", detail=f"{detail} ({said})" if said else detail)
