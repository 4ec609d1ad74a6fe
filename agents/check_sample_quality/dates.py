"""Dates in the forms people write them, impossible ones included."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass

_YEAR, _MONTH, _DAY = r"(?P<y>(?:19|20)\d{2})", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"
_NAME, _NTH = r"(?P<name>[A-Z][a-z]{2,8})", r"(?:st|nd|rd|th)?"
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_FORMS = (
    re.compile(rf"(?<![\d.-]){_YEAR}\s?(?P<sep>[-/.]){_MONTH}(?P=sep){_DAY}(?!\d)"),
    re.compile(rf"(?<!\d){_YEAR}\s?年\s?{_MONTH}\s?月\s?{_DAY}\s?日"),
    re.compile(rf"(?<![\d.-]){_YEAR}(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(rf"\b{_DAY}{_NTH} {_NAME}\.?,? {_YEAR}\b"),
    re.compile(rf"\b{_NAME}\.? {_DAY}{_NTH},? {_YEAR}\b"),
)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date at `start:end`; `possible` is False for a 13th month or a 30th of February."""

    start: int
    end: int
    ymd: tuple[int, int, int]
    possible: bool


def find_dates(text: str) -> list[FoundDate]:
    """Return the dates of folded text in order."""
    return sorted(_found(text), key=lambda date: date.start)


def _found(text: str) -> Iterator[FoundDate]:
    for form in _FORMS:
        for match in form.finditer(text):
            groups = match.groupdict()
            month = _MONTHS.get(groups["name"][:3].lower()) if "name" in groups else int(match["m"])
            if month is None:
                continue
            ymd = (int(match["y"]), month, int(match["d"]))
            yield FoundDate(match.start(), match.end(), ymd, _is_possible(*ymd))


def _is_possible(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
