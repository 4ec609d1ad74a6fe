"""Read Tesseract's table of words into lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

_WORD = "5"  # the level of a row that holds a word
_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: `confidence` 0 to 100, `box` = left, top, width, height in pixels."""

    text: str
    confidence: float
    box: tuple[int, int, int, int]


def lines_of_tsv(table: str) -> list[Line]:
    """Join the words of each line; a line's confidence is the mean over its characters."""
    rows = [row for line in table.splitlines() if len(row := line.split("\t")) == _COLUMNS]
    words = [row for row in rows if row[0] == _WORD and row[11].strip()]
    return [_line(list(group)) for _, group in groupby(words, key=lambda row: tuple(row[1:5]))]


def _line(words: list[list[str]]) -> Line:
    boxes = [tuple(map(int, word[6:10])) for word in words]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return Line(
        text=_joined(word[11] for word in words),
        confidence=_mean_confidence(words),
        box=(left, top, right - left, bottom - top),
    )


def _mean_confidence(words: list[list[str]]) -> float:
    characters = sum(len(word[11]) for word in words)
    return round(sum(float(word[10]) * len(word[11]) for word in words) / characters, 1)


def _joined(words: Iterable[str]) -> str:
    """Put spaces between words, but not inside Japanese, which Tesseract cuts into pieces."""
    text = ""
    for word in words:
        if text and not (_is_japanese(text[-1]) and _is_japanese(word[0])):
            text += " "
        text += word
    return text


def _is_japanese(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"
