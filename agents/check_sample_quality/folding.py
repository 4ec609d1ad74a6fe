"""A text with its full-width and look-alike characters made uniform, each traced to its origin."""

import unicodedata
from dataclasses import dataclass

_DASHES = str.maketrans(dict.fromkeys("−–—‐‑‒﹣", "-"))


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is what rules read; `origin[i]` is the place of its character i in `source`."""

    source: str
    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in `source` of the folded stretch `start:end`, which is not empty."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(source: str) -> Folded:
    """Fold each character by NFKC (℃ becomes °C, １ becomes 1), dashes to a hyphen."""
    text: list[str] = []
    origin: list[int] = []
    for position, char in enumerate(source):
        folded = unicodedata.normalize("NFKC", char).translate(_DASHES)
        text.append(folded)
        origin.extend([position] * len(folded))
    return Folded(source, "".join(text), tuple(origin))
