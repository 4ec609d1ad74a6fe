"""Which line breaks of a text mean something: those of a layout do not, those of a list do."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]")
_SENTENCE_END = re.compile(r"[。．！？.!?:：;；]$")
_STANDS_ALONE = re.compile(r"\s*(?:[-*+>|・]|\d+[.)])\s*\S|\s*\[\^?\w+\]:")
_FULL: Final = 0.8  # share of the usual width from which a line was broken for want of room


def usual_width(lines: Sequence[str]) -> float:
    """Return the width of a full line: the median of the wider half, in Latin letters."""
    widest = sorted((_width(line) for line in lines if line), reverse=True)
    return median(widest[: max(3, len(widest) // 2)]) if widest else 0


def join_lines(lines: Sequence[str], *, usual: float) -> str:
    """Undo the breaks of a layout whose full lines are `usual` wide.

    Breaks stay behind shorter lines, behind the end of a sentence, and before a list item.
    """
    parts = [*lines[:1]]
    for before, line in pairwise(lines):
        full = _width(before) >= usual * _FULL and not _SENTENCE_END.search(before)
        if full and not _STANDS_ALONE.match(line):
            parts += [_glue(before, line.lstrip()), line.lstrip()]
        else:
            parts += ["\n", line]
    return "".join(parts)


def _glue(before: str, line: str) -> str:
    """Return what stands for a break inside a sentence: nothing beside Japanese."""
    return "" if _WIDE.match(before[-1:]) or _WIDE.match(line[:1]) else " "


def _width(line: str) -> int:
    return len(line) + len(_WIDE.findall(line))
