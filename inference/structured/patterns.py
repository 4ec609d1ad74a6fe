"""Regular expressions that grammar engines follow, and that are matched in linear time here."""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_PLAIN: Final = r'[^"\\\x00-\x1f\x7f]'
"""A character that stands for itself in JSON: left to themselves, models write raw control
characters into strings with a bound (xgrammar 0.2: 2 of 20 were JSON)."""
_AT_ONCE: Final = 100
"""More repetitions of a group than about 128 end xgrammar with an error, those of groups do not."""
_LONGEST: Final = 1_000

FORMATS: Final[Mapping[str, str]] = {
    "date": r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
    "time": r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
    "date-time": r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
    "uuid": r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    "email": r"^[a-z0-9]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,6}$",
    "ipv4": r"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}"
    r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$",
}
"""Narrower than the formats are: no 31st, for which a grammar would have to count."""


def of_length(least: int, most: int | None) -> str:
    """Return the pattern of a string that is so long, in characters that need no escape."""
    begin = _repeated(least, least)
    rest = f"{_PLAIN}*" if most is None else _repeated(0, most - least)
    return f"^{begin}{rest}$"


def _repeated(least: int, most: int) -> str:
    """Return between so many plain characters, as groups of a hundred and the rest."""
    groups, rest = divmod(most, _AT_ONCE)
    bound = f"{{{_AT_ONCE}}}" if least else f"{{0,{_AT_ONCE}}}"
    outer = f"{{{groups}}}" if least else f"{{0,{groups}}}"
    whole = f"(?:{_PLAIN}{bound}){outer}" if groups else ""
    last = f"{_PLAIN}{{{rest}}}" if least else f"{_PLAIN}{{0,{rest}}}"
    return whole + (last if rest else "")


def is_usable(pattern: str) -> bool:
    """Tell whether a pattern can be matched in linear time: no looking around, no references."""
    if len(pattern) > _LONGEST:
        return False
    re2 = importlib.import_module("re2")
    try:
        _compiled(pattern)
    except re2.error:
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern that is usable is found in a text."""
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - the library has no types
    re2 = importlib.import_module("re2")
    options = re2.Options()
    options.log_errors = False  # it would write the pattern to stderr
    return re2.compile(pattern, options=options)
