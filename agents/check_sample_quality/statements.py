"""What a submission is made of: fields with a label, and running text."""

from collections.abc import Callable
from dataclasses import dataclass

IsLabel = Callable[[str], bool]
"""Tells whether a folded word or two is the name of a field that we know."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch `start:end` of the folded text.

    A field has the label its writer gave it; running text has none. `unit_hint` is a unit that
    the label or a neighbouring field carries, for a number that has none of its own.
    """

    start: int
    end: int
    label: str | None = None
    unit_hint: str | None = None

    def text(self, folded: str) -> str:
        """Return its words in the folded text."""
        return folded[self.start : self.end]
