"""How many calls may be tried again: where all fail, trying again would only add to the load.

Source: Finagle's retry budget (Twitter), a share of the calls and a few a second beside.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

_SHARE: Final = 0.2
_FEW_PER_S: Final = 5.0
_MOST_SAVED: Final = 50.0


class RetryBudget:
    """A fifth of the calls, and five a second."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Begin with what ten seconds save."""
        self._clock = clock
        self._saved = _MOST_SAVED
        self._at = clock()

    def note_call(self) -> None:
        """Save a share for a call that is tried for the first time."""
        self._saved = min(self._saved + _SHARE, _MOST_SAVED)

    def spend(self) -> bool:
        """Take one try; tell whether there was one."""
        now = self._clock()
        self._saved = min(self._saved + (now - self._at) * _FEW_PER_S, _MOST_SAVED)
        self._at = now
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
