import re
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.reasoning import without_reasoning

_WRITING = st.lists(
    st.sampled_from(["<think>", "</think>", "<think", "</", "<", ">", "答え", "a", "\n"]),
    max_size=12,
).map("".join)


def _cut(text: str, places: Sequence[int]) -> list[str]:
    at = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(at)]


async def _shown(pieces: Sequence[str]) -> list[str]:
    async def stream() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    return [piece async for piece in without_reasoning(stream())]


def _by_hand(text: str) -> str:
    return re.sub(r"<think>.*?(?:</think>|\Z)", "", text, flags=re.DOTALL)


@given(text=_WRITING, places=st.lists(st.integers(0, 99), max_size=6))
@settings(max_examples=150)
async def test_the_same_is_left_out_wherever_the_reply_is_cut(text: str, places: list[int]) -> None:
    assert "".join(await _shown(_cut(text, places))) == _by_hand(text)


async def test_what_is_no_thinking_is_not_held_back() -> None:
    assert await _shown(["4 ", "度で", "す。"]) == ["4 ", "度で", "す。"]


async def test_only_what_may_begin_a_mark_waits() -> None:
    assert await _shown(["a<", "b"]) == ["a", "<b"]


async def test_thinking_that_never_ends_is_left_out_to_the_end() -> None:
    assert await _shown(["答え<thi", "nk>ええと"]) == ["答え"]
