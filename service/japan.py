"""The calendar that limits and usage are counted by."""

from datetime import timedelta, timezone
from typing import Final

JAPAN: Final = timezone(timedelta(hours=9), "JST")
"""Which has no summer time."""
