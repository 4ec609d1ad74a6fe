"""Ask a model server as it is, and as the gateway does: narrowed, checked, repaired once."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import aiohttp
import msgspec

from inference.structured.answer import Answer
from inference.structured.wanted import Wanted, prepared, wanted_by

_AT_ONCE: Final = 16
_MOST_TOKENS: Final = 2_000
_MESSAGES: Final = [{"role": "user", "content": "Describe the sample. 試料を説明してください。"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a request was answered."""

    fits: bool
    tries: int
    reason: str | None
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server and its model."""

    session: aiohttp.ClientSession
    url: str
    model: str
    runtime: str

    async def as_it_is(self, question: Mapping[str, Any], seed: int) -> Outcome:
        """Ask with the caller's own schema, once."""
        body = self._body(question, seed)
        return await self._judged(body, _wanted(body), tries=1)

    async def made_true(self, question: Mapping[str, Any], seed: int) -> Outcome:
        """Ask as the gateway does."""
        body = self._body(question, seed)
        wanted, tokens = _wanted(body), 0
        for tries, is_second in ((1, False), (2, True)):
            asked = prepared(body, self.runtime, is_second_try=is_second)
            outcome = await self._judged(asked, wanted, tries=tries)
            tokens += outcome.tokens
            if outcome.fits or tries == 2:
                return replace(outcome, tokens=tokens)
            complaint = {"role": "user", "content": f"That does not fit: {outcome.reason}."}
            body["messages"] = [*body["messages"], complaint]
        raise AssertionError

    async def _judged(self, body: Mapping[str, Any], wanted: Wanted, *, tries: int) -> Outcome:
        url = f"{self.url}/chat/completions"
        async with self.session.post(url, json=body) as response:
            if response.status != 200:
                return Outcome(fits=False, tries=tries, reason=f"HTTP {response.status}", tokens=0)
            answer = msgspec.json.decode(await response.read(), type=Answer)
        faults = wanted.faults(answer)
        reason = None if not faults else faults[0].reason
        if faults and faults[0].is_cut_off:
            reason = "cut off"
        usage: Mapping[str, Any] = answer.usage or {}
        tokens = usage.get("completion_tokens", 0)
        return Outcome(fits=not faults, tries=tries, reason=reason, tokens=tokens)

    def _body(self, question: Mapping[str, Any], seed: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": _MESSAGES,
            "seed": seed,
            "temperature": 1.0,
            "max_tokens": _MOST_TOKENS,
            **question,
        }


async def asked(
    ask: Callable[[Mapping[str, Any], int], Any],
    question: Mapping[str, Any],
    seeds: int,
    tick: Callable[[], None],
) -> list[Outcome]:
    """Ask a question with every seed, sixteen at once."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(seed: int) -> Outcome:
        async with turn:
            outcome: Outcome = await ask(question, seed)
            tick()
            return outcome

    return await asyncio.gather(*map(one, range(seeds)))


def _wanted(body: Mapping[str, Any]) -> Wanted:
    wanted = wanted_by(body)
    if wanted is None:
        raise ValueError("every question has a schema")
    return wanted
