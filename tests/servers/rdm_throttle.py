"""How many requests RDM lets one caller make: a second's burst, a day's sum."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """RDM's throttles are the defaults."""

    per_second: int = 10
    per_day: int = 10_000
    anonymous_per_hour: int = 100


@dataclass(slots=True)
class Throttle:
    """Counts answered requests a caller, as Django REST framework does: in a sliding window."""

    limits: Limits
    clock: Callable[[], float]
    refused: int = 0
    _times: dict[str, deque[float]] = field(default_factory=dict[str, deque[float]])

    def wait_s(self, user_id: str | None) -> int:
        """Count one request of this user; seconds to wait where it is one too many, else 0."""
        now = self.clock()
        times = self._times.setdefault(user_id or "", deque())
        windows = self._windows(user_id)
        longest = max(seconds for _, seconds in windows)
        while times and times[0] <= now - longest:
            times.popleft()
        for most, seconds in windows:
            if len(times) >= most and times[-most] > now - seconds:
                self.refused += 1
                return max(1, math.ceil(times[-most] + seconds - now))
        times.append(now)
        return 0

    def _windows(self, user_id: str | None) -> tuple[tuple[int, float], ...]:
        if user_id is None:
            return ((self.limits.anonymous_per_hour, 3600.0),)
        return ((self.limits.per_second, 1.0), (self.limits.per_day, 86_400.0))
