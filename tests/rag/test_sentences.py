"""Where sentences end."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.sentences import sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("硬さを測った。結果を示す。", ["硬さを測った。", "結果を示す。"]),
        ("本当か？！驚いた！", ["本当か？！", "驚いた！"]),
        ("「硬い。」と言った。", ["「硬い。」", "と言った。"]),
        ("硬さは９．５であった．次に進む．", ["硬さは９．５であった．", "次に進む．"]),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('He said "hot." Then left.', ['He said "hot."', "Then left."]),
        ("The value 3.14 is known.", ["The value 3.14 is known."]),
        ("See Fig. 3 and Smith et al. 2020 for it.", ["See Fig. 3 and Smith et al. 2020 for it."]),
        ("J. R. Smith wrote it. We read it.", ["J. R. Smith wrote it.", "We read it."]),
        ("It was e.g. hot. and so on", ["It was e.g. hot. and so on"]),
        ("一行目\n二行目", ["一行目", "二行目"]),
        ("  間隔  。 \n\n 次 ", ["間隔  。", "次"]),
        ("文末なし", ["文末なし"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_a_sentence_ends_where_a_reader_would_say(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(alphabet='硬さ。．！」)aA.?! \n\t9"', max_size=80))
@settings(max_examples=200)
def test_every_character_that_is_not_white_space_is_in_one_sentence(text: str) -> None:
    spans = sentence_spans(text)
    assert re.sub(r"\s", "", "".join(split_sentences(text))) == re.sub(r"\s", "", text)
    assert [end for pair in spans for end in pair] == sorted(end for pair in spans for end in pair)


@pytest.mark.parametrize(
    "text",
    ["e.g. " * 200_000, "." * 300_000 + "x", "." + ")" * 300_000 + "x", "a" * 300_000 + ". B"],
    ids=["abbreviations", "dots", "brackets", "one word"],
)
def test_hostile_text_takes_no_more_than_one_look_at_each_place(text: str) -> None:
    assert len(split_sentences(text)) <= 2  # looking again and again would take hours
