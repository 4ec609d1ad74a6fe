"""Lists of shares such as `Ti 90, Al 6, V 4`, and whether they add up."""

import re
from dataclasses import dataclass

from agents.check_sample_quality.formulas import ELEMENTS

BASIS = re.compile(
    r"""
      \b(?P<en>at|wt|mol|mass|vol)\.?\s?%
    | (?P<ja>質量|重量|原子|モル|体積)(?:\s?%|比|分率|パーセント)
    | \b(?P<word>atomic|weight|mass|molar|mole)\ ?(?:percent|%|fraction|ratio|basis)\b
    | \b(?P<pct>at|wt)\.?\ ?pct\b
    | \bby\ (?P<by>weight|mass|mole)\b
    """,
    re.VERBOSE,
)
"""Words that say whether shares count atoms, weight, moles or volume."""

_COUNTED = {
    **dict.fromkeys(("at", "原子", "atomic"), "at%"),
    **dict.fromkeys(("wt", "mass", "weight", "質量", "重量"), "wt%"),
    **dict.fromkeys(("mol", "molar", "mole", "モル"), "mol%"),
    **dict.fromkeys(("vol", "体積"), "vol%"),
}
_NUMBER = r"\d+(?:\.\d+)?"
_PERCENT = r"(?:at|wt|mass|mol|vol|質量|重量|原子|モル)?\.?\s?%"
_ELEMENT = "|".join(sorted(ELEMENTS, key=len, reverse=True))
_NAMED = r"[A-Za-z\u0370-\u03ff\u3040-\u30ff\u4e00-\u9fff][\w\-\u3040-\u30ff\u4e00-\u9fff()]*"
_NAME = rf"{_NAMED}(?:\s{_NAMED}){{0,3}}"
_SEPARATOR = r"\s*(?:[,、;・:/+]|(?=\s))\s*"


_ONE_ELEMENT = re.compile(rf"(?:{_ELEMENT})\s?[:=]?\s?{_NUMBER}(?:\s?\(?{_PERCENT}\)?)?")


def _list_of(name: str, *, gap: str) -> re.Pattern[str]:
    entry = rf"[\"']?(?:{name})[\"']?{gap}{_NUMBER}(?:\s?{_PERCENT})?"
    return re.compile(
        rf"(?<![\w.\-])(?P<list>{entry}(?:{_SEPARATOR}{entry})+)"
        rf"(?P<basis>\s?\(?{_PERCENT}\)?)?(?![A-Za-z0-9_.])"
    )


_ELEMENT_LIST = _list_of(rf"(?:{_ELEMENT})(?![a-z])", gap=r"\s?[:=]?\s?")
_NAMED_LIST = _list_of(_NAME, gap=r"(?:\s?[:=]\s?|\s)")  # the 2 of SnO2 is no share
_RATIO_BASIS = rf"\s?\(?(?:{_PERCENT}|[^\W\d]{{0,4}}比|(?:weight|mass|molar) ratio|by weight)\)?"
_RATIO = re.compile(
    rf"(?P<list>{_NUMBER}(?:\s?[:/]\s?{_NUMBER}){{2,}}|{_NUMBER}\s?[:/]\s?{_NUMBER}(?={_RATIO_BASIS}))"
)
_ENTRY_NUMBER = re.compile(rf"({_NUMBER})(?=\s?(?:{_PERCENT})?\s*(?:[,、;・:/+\s]|$))")
_BALANCE = re.compile(r"\bbal\b|balance|残", re.IGNORECASE)
_BALANCE_WITHIN = 30  # characters before or after the list
TOLERANCE = 1.0  # percent: rounding of nominal compositions
LEAST = 60.0  # a smaller sum lists additions only, their matrix goes without saying


@dataclass(frozen=True, slots=True)
class ShareList:
    """The shares of one list at `start:end` of its text, in percent or as fractions."""

    start: int
    end: int
    total: float
    with_balance: bool

    @property
    def adds_up(self) -> bool:
        """False when the shares are meant to be a whole and are not."""
        if self.with_balance:
            return self.total <= 100 + TOLERANCE
        if self.total < LEAST:
            return True
        return abs(self.total - 100) <= TOLERANCE


def find_element_shares(text: str) -> list[ShareList]:
    """Return the lists of elements with shares in folded text."""
    return [_shares(text, match) for match in _ELEMENT_LIST.finditer(text)]


def is_one_element(entry: str) -> bool:
    """Tell whether a folded entry is a single element with its share: Co 100, Al 99.99 %."""
    return _ONE_ELEMENT.fullmatch(entry.strip()) is not None


def find_named_shares(text: str) -> list[ShareList]:
    """Return lists whose names may be any words, for text that is known to list shares."""
    named = [_shares(text, match) for match in _NAMED_LIST.finditer(text)]
    return named or [_shares(text, match) for match in _RATIO.finditer(text)]


def bases_of(text: str) -> set[str]:
    """Return what the shares in folded text count: at%, wt%, mol%, vol%."""
    found = (match.lastgroup and match[match.lastgroup] for match in BASIS.finditer(text))
    return {_COUNTED[word] for word in found if word}


def _shares(text: str, match: re.Match[str]) -> ShareList:
    around = text[max(0, match.start() - _BALANCE_WITHIN) : match.end() + _BALANCE_WITHIN]
    return ShareList(
        start=match.start("list"),
        end=match.end("list"),
        total=sum(float(number) for number in _ENTRY_NUMBER.findall(match["list"])),
        with_balance=_BALANCE.search(around) is not None,
    )
