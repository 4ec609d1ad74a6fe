"""Sentences of an answer that is still being written."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentence_stream import sentences_of

_STOPS = (". ", "。", "．", "!", "?\n", "\n", " ", "e.g. ", "Fig. ", "A. ", "3.5")
_MARKS = ("[1]", "[2, 3]", "［4］", "[", "]", "「", "」", ")", '"')
_WORDS = ("Mg", "b", "溶体化", "415 °C")
_DRAFT = st.lists(st.sampled_from(_STOPS + _MARKS + _WORDS), max_size=20).map("".join)


async def _pieces(texts: Iterable[str]) -> AsyncGenerator[str]:
    for text in texts:
        yield text


async def _sentences(*texts: str) -> list[str]:
    return [sentence async for sentence in sentences_of(_pieces(texts))]


def _cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It held 24 h [1]. It cooled [2].", ["It held 24 h [1].", "It cooled [2]."]),
        ("It held 24 h. [1] It cooled. [2]", ["It held 24 h[1].", "It cooled[2]."]),
        ("24時間保持した。[1]冷却した。［2］", ["24時間保持した[1]。", "冷却した［2］。"]),
        ("「保持した。」[1]冷却した[2]。", ["「保持した[1]。」", "冷却した[2]。"]),
        ("It held. [1][3] It cooled [2].", ["It held[1][3].", "It cooled [2]."]),
        ("一。[1] [2]二。", ["一[1][2]。", "二。"]),
        ("no stop at the end [1]", ["no stop at the end [1]"]),
        ("", []),
        (" \n ", []),
    ],
)
async def test_citations_behind_a_stop_belong_to_its_sentence(
    text: str, sentences: list[str]
) -> None:
    assert await _sentences(text) == sentences
    assert await _sentences(*text) == sentences


async def test_a_sentence_comes_as_soon_as_the_next_one_begins() -> None:
    pieces = _pieces(["It held. ", "It ", "cooled."])
    sentences = sentences_of(pieces)
    assert await anext(sentences) == "It held."
    assert await anext(pieces) == "cooled."
    await sentences.aclose()


@given(_DRAFT, st.lists(st.integers(0, 500), max_size=8))
async def test_however_a_text_arrives_its_sentences_are_the_same(
    text: str, places: list[int]
) -> None:
    assert await _sentences(*_cut(text, places)) == await _sentences(text)
