"""What a process holds of one limit, so that not every call asks the database."""

from dataclasses import dataclass
from typing import Final

from service.limits.spans import Cap, Span

_SHARE: Final = 64
"""A process takes at least a 64th of a limit at once."""
_KEPT: Final = 16
"""And keeps no more than a 16th unused: so much is lost with one that is killed."""
_KNOWN_FOR_S: Final = 1.0


@dataclass(slots=True)
class Bucket:
    """A limit within a span: what this process took of it, and what was left for all."""

    subject: str
    cap: Cap
    span: Span
    left: int = 0
    """Taken in the database and not used yet; below 0 where more was used than was taken."""
    free: int | None = None
    """What nobody had taken when this process last looked; None: it never did."""
    seen_at: float = 0.0
    idle: int = 0
    """Taken of this limit when it was another one: not to be used, to be given back."""

    def adopt(self, cap: Cap) -> None:
        """Be another limit from now on; what calls that run now give back still comes here."""
        self.cap, self.free = cap, None
        self.idle, self.left = self.idle + self.left, 0

    def amount(self, wanted: int) -> int:
        """Return what a call is to hold: one that alone is over the limit holds all of it."""
        return min(wanted, self.cap.most)

    def lacks(self, amount: int) -> int:
        """Return how much more must be taken before a call may hold so much."""
        return max(0, amount - self.left)

    def is_known_to_be_full(self, amount: int, *, now: float) -> bool:
        """Tell whether asking the database is in vain: it was asked within the last second."""
        is_fresh = self.free is not None and now - self.seen_at < _KNOWN_FOR_S
        return is_fresh and self.lacks(amount) > (self.free or 0)

    def worth_taking(self, amount: int) -> int:
        """Return how much to take at once."""
        return max(self.lacks(amount), self.cap.most // _SHARE)

    @property
    def unwanted(self) -> int:
        """What others are to have; below 0, what was used and is not taken yet."""
        return self.idle + min(0, self.left) + max(0, self.left - self.cap.most // _KEPT)

    @property
    def remaining(self) -> int:
        """What may still be used, as far as this process knows."""
        free = self.cap.most if self.free is None else self.free
        return max(0, self.left + free)
