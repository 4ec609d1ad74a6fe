"""Find the citations in a sentence and check them against the hits."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag.models import Citation

_MARK = re.compile(r"[\[［【]\s*(\d{1,3}(?:\s*[,、，;]\s*\d{1,3})*)\s*[\]］】]")
_NUMBER = re.compile(r"\d+")
_SPACES = re.compile(r"[ \t]{2,}")
_SPACE_BEFORE_STOP = re.compile(r"\s+([。．.,、!！?？])")


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence in its shown form: the claim, then its citations as `[1][4]`."""

    claim: str
    hits: tuple[int, ...]

    @property
    def shown(self) -> str:
        """Return the claim with its citations behind it."""
        return self.claim + "".join(f"[{number}]" for number in self.hits)


def check_sentence(sentence: str, *, known: AbstractSet[int]) -> CheckedSentence | None:
    """Return the sentence if it cites hits and only hits, else None.

    Numbers may be written `[1]`, `[1, 3]`, `[1][3]` or full-width, anywhere in the sentence.
    """
    numbers = tuple(
        dict.fromkeys(
            int(number) for mark in _MARK.findall(sentence) for number in _NUMBER.findall(mark)
        )
    )
    if not numbers or not set(numbers) <= known:
        return None
    claim = _SPACE_BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", _MARK.sub("", sentence))).strip()
    return CheckedSentence(claim, numbers) if any(map(str.isalnum, claim)) else None


def without_marks(text: str) -> str:
    """Return `text` with `[3]` as `(3)`: a paper's own references must not pass for citations."""
    return _MARK.sub(r"(\1)", text)


@dataclass
class CitedText:
    """A text that grows sentence by sentence and knows where each claim stands."""

    text: str = ""
    citations: tuple[Citation, ...] = ()

    def append(self, sentence: CheckedSentence, *, separator: str) -> str:
        """Add a sentence and return the stretch of text that it added."""
        added = (separator if self.text else "") + sentence.shown
        start = len(self.text) + len(added) - len(sentence.shown)
        citation = Citation(start=start, end=start + len(sentence.claim), hits=list(sentence.hits))
        self.text += added
        self.citations = (*self.citations, citation)
        return added
