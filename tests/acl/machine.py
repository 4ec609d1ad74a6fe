"""Histories of RDM, its readers and the service; after every step all see what the model says."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from tests.acl.deeds import DEEDS, Deed
from tests.acl.eyes import (
    ALL_TEXTS,
    BY_JOB,
    BY_PROJECT,
    BY_TOOL,
    OTHER_LOOKS,
    ById,
    Sight,
    compare,
    compare_by_mcp,
)
from tests.acl.model import Reader
from tests.acl.play import Play
from tests.acl.stage import Stage

TRIED: Final[Sequence[ById | str]] = (*BY_PROJECT, *BY_JOB, *BY_TOOL)
"""Ways to ask for an id: thirteen, so that each of four readers tries all; last the tools."""


class AccessMachine(RuleBasedStateMachine):
    """Every deed changes the model, RDM and the service; the invariant compares.

    After each step everybody looks: in every way there is (`is_thorough`), or, for speed, each in
    the way that is next, so that nobody leaves one out for long.
    """

    def __init__(self, stage: Stage, *, is_thorough: bool = False) -> None:
        super().__init__()
        self.play = Play(stage)
        self.turn = 0
        self.is_thorough = is_thorough

    @initialize(turn=st.integers(0, 999))
    def begin(self, turn: int) -> None:
        """Choose who looks in which way at first: in each step it is another one."""
        self.turn = turn

    @rule(deed=st.sampled_from(DEEDS), data=st.data())
    def do(self, deed: Deed, data: st.DataObject) -> None:
        deed(self.play, data)

    # What everybody sees

    @invariant()
    def everybody_finds_what_rdm_shows_them(self) -> None:
        self.turn += 1
        sights = [(reader, self.play.sight(reader)) for reader in self.play.readers]
        self.play.stage.call(self._look, sights)

    async def _look(self, sights: Sequence[tuple[Reader, Sight]]) -> None:
        looks = self._every_look(sights) if self.is_thorough else self._next_looks(sights)
        for outcome in await asyncio.gather(*looks, return_exceptions=True):
            if outcome is not None:
                raise outcome

    def _every_look(self, sights: Sequence[tuple[Reader, Sight]]) -> list[Awaitable[None]]:
        looks = list[Awaitable[None]]()
        for reader, sight in sights:
            eyes = self.play.eyes(reader)
            looks += [look(eyes, sight) for look in {*ALL_TEXTS, *OTHER_LOOKS}]
            looks.append(self._try_ids(reader, sight))
        return looks

    def _next_looks(self, sights: Sequence[tuple[Reader, Sight]]) -> list[Awaitable[None]]:
        """Everybody looks for all there is, each in another way; one tries what else there is."""
        looks = list[Awaitable[None]]()
        for number, (reader, sight) in enumerate(sights):
            look = ALL_TEXTS[(self.turn + number) % len(ALL_TEXTS)]
            looks.append(look(self.play.eyes(reader), sight))
        looks.append(self._look_elsewhere(*sights[self.turn // 2 % len(sights)]))
        return looks

    async def _look_elsewhere(self, reader: Reader, sight: Sight) -> None:
        if self.turn % 2:
            look = OTHER_LOOKS[self.turn // 2 % len(OTHER_LOOKS)]
            await look(self.play.eyes(reader), sight)
        else:
            await self._try_ids(reader, sight)

    async def _try_ids(self, reader: Reader, sight: Sight) -> None:
        """Ask for something that is not theirs, and for something that is not there."""
        hidden = self.play.hidden_projects(sight)
        if not hidden:
            return
        eyes, chosen = self.play.eyes(reader), hidden[self.turn // 2 % len(hidden)]
        absent = f"rdm-{'z' * (len(chosen) - 4)}"
        way = TRIED[self.turn // 2 % len(TRIED)]
        if isinstance(way, str):
            await compare_by_mcp(eyes, way, chosen, absent)
        elif way in BY_PROJECT:
            await compare(eyes, way, chosen, absent)
        elif chosen in self.play.jobs:
            await compare(eyes, way, self.play.jobs[chosen], str(uuid4()))

    def teardown(self) -> None:
        self.play.end()
