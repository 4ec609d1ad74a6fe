"""Which criterion a field's name means: 「担体の入手先」 asks for the source, not the support."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from agents.check_sample_quality.profile import load_criteria, load_note_labels

LONGEST_LABEL = 48
# Anything may have one of these, so they mean the sample only where they stand alone.
_NOT_HEADS = frozenset({"name", "names", "label", "code", "名称"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BRACKETED = re.compile(r"[(\[【].*?[)\]】]")
_BRACKETED_UNIT = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]\s*$")
_UNIT_AT_END = re.compile(r"[_ ](nm|um|mm|cm|C|K|wt%|at%)$")
_NUMBERING = re.compile(r"^[\s\-*#・●■◆○◇□▪•>\d.)(]*(?=\D)")
_NOT_LETTERS = re.compile(r"[\W_]+")


def plain_label(label: str) -> str:
    """Reduce a folded label to what is compared: lower case, words set apart by one space."""
    words = _CAMEL.sub(" ", _NUMBERING.sub("", _BRACKETED.sub("", label)).strip(" *`\"'"))
    return _NOT_LETTERS.sub(" ", words).strip().lower()


def unit_of_label(label: str) -> str | None:
    """Return the unit a label carries: `膜厚 [nm]`, `temperature_C`."""
    found = _BRACKETED_UNIT.search(label.strip()) or _UNIT_AT_END.search(label.strip())
    return found[1] if found else None


def criterion_of(label: str, criteria: Sequence[str]) -> str | None:
    """Return the criterion among `criteria` that a folded label means; None for others.

    The whole label counts first, then its end, where Japanese and English have the head.
    """
    plain = plain_label(label)
    if not plain or len(plain) > LONGEST_LABEL or plain in load_note_labels():
        return None
    known = _known_labels(tuple(criteria))
    whole = known.get(plain) or known.get(plain.replace(" ", ""))
    if whole is not None:
        return whole
    ends = (plain[start:] for start in range(1, len(plain)))
    return next((known[end] for end in ends if end in known and _is_head(plain, end)), None)


def is_note(label: str) -> bool:
    """Tell whether a label announces free text."""
    return plain_label(label) in load_note_labels()


def _is_head(plain: str, end: str) -> bool:
    if end in _NOT_HEADS:
        return False
    if end.isascii():
        return len(end) > 2 and plain[-len(end) - 1] == " "
    return len(end) > 1


@lru_cache(maxsize=32)
def _known_labels(criteria: tuple[str, ...]) -> Mapping[str, str]:
    known: dict[str, str] = {}
    for name in criteria:
        for label in load_criteria()[name].labels:
            known.setdefault(plain_label(label), name)
    return known
