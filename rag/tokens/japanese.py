"""Words and character pairs of Japanese text."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from threading import Lock
from typing import Any, Final, Protocol, cast

JAPANESE: Final = (
    r"\u3005-\u3007\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
"""Kana, kanji and their repeat marks, as the inside of a character class (text in NFKC)."""

_RUN = re.compile(f"[{JAPANESE}]+")
_UNSPACED = re.compile(r"[^\W_]+")  # every Japanese character is a letter to `\w`
_LONGEST = 12_000  # characters: Sudachi refuses more than 49,149 bytes, and one takes up to four
_CONTENT = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞", "接頭辞", "接尾辞"})

_one_at_a_time = Lock()  # a Sudachi tokenizer must not be used by two threads at once


def is_loaded() -> bool:
    """Tell whether the dictionary is in memory: to load it takes half a second."""
    return _tokenizer.cache_info().currsize > 0


def words(text: str) -> Iterator[str]:
    """Yield the content words of the Japanese stretches of `text` (NFKC), in dictionary spelling.

    Short units (Sudachi's mode A): 溶体化処理 is found by 処理; 食べた and たべる are one word.
    """
    for run in _RUN.findall(text):
        for start in range(0, len(run), _LONGEST):
            yield from _content_words(run[start : start + _LONGEST])


def placed_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what `words` yields, each behind where it begins and ends in `text`."""
    for run in _RUN.finditer(text):
        for start in range(run.start(), run.end(), _LONGEST):
            yield from _placed(text[start : min(start + _LONGEST, run.end())], start)


def bigrams(text: str) -> Iterator[str]:
    """Yield each pair of neighbours in unspaced text around Japanese; a lone character as it is.

    Digits and Latin letters inside such a stretch count: 第3回 gives 第3 and 3回.
    """
    for run in _UNSPACED.findall(text):
        if _RUN.search(run) is None:
            continue
        if len(run) == 1:
            yield run
        else:
            yield from (left + right for left, right in pairwise(run))


def _content_words(run: str) -> list[str]:
    with _one_at_a_time:
        return [
            morpheme.normalized_form().casefold()
            for morpheme in _tokenizer().tokenize(run)
            if morpheme.part_of_speech()[0] in _CONTENT
        ]


def _placed(run: str, at: int) -> list[tuple[int, int, str]]:
    with _one_at_a_time:
        return [
            (at + morpheme.begin(), at + morpheme.end(), morpheme.normalized_form().casefold())
            for morpheme in _tokenizer().tokenize(run)
            if morpheme.part_of_speech()[0] in _CONTENT
        ]


class _Morpheme(Protocol):
    def begin(self) -> int: ...

    def end(self) -> int: ...

    def normalized_form(self) -> str: ...

    def part_of_speech(self) -> tuple[str, ...]: ...


class _Tokenizer(Protocol):
    def tokenize(self, text: str) -> Iterable[_Morpheme]: ...


@cache
def _tokenizer() -> _Tokenizer:
    """Load the dictionary on first use, once: it takes a moment and much memory."""
    sudachi: Any = import_module("sudachipy")  # no type stubs
    return cast("_Tokenizer", sudachi.Dictionary(dict="core").tokenizer(sudachi.SplitMode.A))
