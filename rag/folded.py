"""A text as it is searched, and where each of its characters stands in the text as it is shown."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SINGLE: Final = (
    r"\x00-\x7f\u3000-\u3003\u3005-\u3011\u3041-\u3094\u30a1-\u30fa\u30fc\u4e00-\u9fff\uff01-\uff5e"
)
"""Characters of which each becomes one, whatever is beside it but a mark."""
MARKS: Final = (
    r"\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u1160-\u11ff\u1cd0-\u1cff"
    r"\u20d0-\u20ff\u3099\u309a\ua8e0-\ua8f1\uff9e\uff9f"
)
"""Characters that may become one with that before them."""
_CLUSTER: Final = re.compile(rf"[{_SINGLE}]+(?![{MARKS}])|.[{MARKS}]*", re.DOTALL)
_WORD: Final = re.compile(r"\s+|\S+")


@dataclass(frozen=True, slots=True)
class FoldedText:
    """`text` is in NFKC and without case, as terms are made of it."""

    text: str
    _begins: Sequence[int]
    """Where each stretch begins in `text`."""
    _origins: Sequence[tuple[int, int, bool]]
    """Where it begins and ends in the original, and whether each of its characters is one there."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original text of `text[start:end]`, which is not empty."""
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, at: int) -> tuple[int, int]:
        stretch = bisect_right(self._begins, at) - 1
        begin, end, one_to_one = self._origins[stretch]
        if one_to_one:
            begin += at - self._begins[stretch]
            end = begin + 1
        return begin, end


def fold(text: str) -> FoldedText:
    """Return a text in NFKC and without case, with the way back."""
    whole = _folded(text)
    if text.isascii():
        return FoldedText(whole, [0], [(0, len(text), True)])
    for pattern in (_CLUSTER, _WORD):
        found = _by_stretches(text, pattern)
        if found.text == whole:
            return found
    return FoldedText(whole, [0], [(0, len(text), False)])


def _by_stretches(text: str, pattern: re.Pattern[str]) -> FoldedText:
    folded: list[str] = []
    begins: list[int] = []
    origins: list[tuple[int, int, bool]] = []
    length = 0
    for match in pattern.finditer(text):
        stretch = _folded(match[0])
        begins.append(length)
        origins.append((match.start(), match.end(), len(stretch) == len(match[0])))
        folded.append(stretch)
        length += len(stretch)
    return FoldedText("".join(folded), begins, origins)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
