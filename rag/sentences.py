"""Where sentences end, in Japanese and English."""

import re

_END = re.compile(
    r"(?:[。！？]|．(?![0-9０-９]))+[」』）】〉》\])\"'”’]*"
    r"|(?<![.!?])[.!?]+[\"'”’)\]]*(?=\s)"
    r"|\n+"
)
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*)\.$")
_FOLLOWING = re.compile(r"[ \t]*(.)")
_LONGEST_WORD = 20  # looking further back for an abbreviation would be slow in hostile text
_ABBREVIATIONS = frozenset(
    {
        "al", "approx", "ca", "cf", "co", "corp", "dept", "dr", "e.g", "eq", "eqs", "etc", "fig",
        "figs", "i.e", "inc", "ltd", "min", "mr", "mrs", "ms", "no", "nos", "p", "pp", "prof",
        "ref", "refs", "sec", "st", "tab", "temp", "univ", "vol", "vs",
    }
)  # fmt: skip


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return `(start, end)` of each sentence, in order, without the white space between them.

    A line end ends a sentence. An English full stop does not after an abbreviation, an initial, or
    before a word in lower case. Together the spans hold every character that is not white space.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _goes_on(text, start, match):
            continue
        _append(spans, text, start, match.end())
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def split_sentences(text: str) -> list[str]:
    """Return the sentences themselves."""
    return [text[start:end] for start, end in sentence_spans(text)]


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether a full stop stands inside a sentence."""
    if not match[0].startswith("."):
        return False
    following = _FOLLOWING.match(text, match.end())
    if following and following[1].islower():
        return True
    stop = match.start() + 1
    word = _LAST_WORD.search(text, max(start, stop - _LONGEST_WORD), stop)
    if word is None:
        return False
    return word[1].casefold() in _ABBREVIATIONS or (len(word[1]) == 1 and word[1].isupper())


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    stretch = text[start:end]
    stripped = stretch.strip()
    if stripped:
        first = start + stretch.index(stripped[0])
        spans.append((first, first + len(stripped)))
