"""Answers made of quotations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.citations import CheckedSentence
from rag.extractive import best_sentences, quote_sentences
from rag.models import Anchor, Hit
from tests.rag.hits import hit

REPORT = "AZ91合金を用いた。溶体化処理は415 °Cで24時間行った。表面を研磨した。"
NOTES = "Ageing took 16 h. The hardness of A-12 was 92 HV. It was polished."
_WORDS = st.sampled_from(
    ["溶体化処理", "。", "\n", "hardness", ". ", "The ", "415 °C", "x" * 450, " "]
)
_TEXT = st.lists(_WORDS, max_size=12).map("".join)


@pytest.mark.parametrize(
    ("question", "quote", "number"),
    [
        ("溶体化処理の温度は？", "溶体化処理は415 °Cで24時間行った。", 1),
        ("What was the hardness of A12?", "The hardness of A-12 was 92 HV.", 2),
    ],
)
def test_the_sentence_with_the_words_of_the_question_is_quoted(
    question: str, quote: str, number: int
) -> None:
    assert quote_sentences(question, [hit(1, REPORT), hit(2, NOTES)]) == [
        CheckedSentence(quote, (number,))
    ]


def test_quotes_stand_in_the_order_of_their_hits() -> None:
    hits = [hit(1, "時効は16時間。"), hit(2, "溶体化処理は24時間。"), hit(3, "溶体化処理と時効。")]
    quotes = quote_sentences("溶体化処理と時効", hits)
    numbers = [number for quote in quotes for number in quote.hits]
    assert numbers == sorted(numbers)
    assert 3 in numbers


def test_the_same_sentence_is_quoted_once() -> None:
    hits = [hit(1, "溶体化処理は24時間。"), hit(2, "溶体化処理は24時間。")]
    assert quote_sentences("溶体化処理", hits) == [CheckedSentence("溶体化処理は24時間。", (1,))]


@pytest.mark.parametrize(
    "question",
    ["なぜ", "日本の首都はどこですか", "犬の散歩は一日に何回すべきか", "How do I bake bread?", "?"],
)
def test_a_question_about_something_else_is_not_answered_with_a_quote(question: str) -> None:
    assert quote_sentences(question, [hit(1, REPORT), hit(2, NOTES)]) == []


def test_a_word_in_common_is_not_enough() -> None:
    question = "What was the price of copper and silver in Osaka and Kobe after the war?"
    assert quote_sentences(question, [hit(1, "It was polished after the war.")]) == []
    assert quote_sentences("After the war?", [hit(1, "It was polished after the war.")]) != []


def test_a_long_sentence_is_cut_and_says_so() -> None:
    [quote] = quote_sentences("硬さ", [hit(1, "硬さ" * 500)])
    assert quote.claim == "硬さ" * 200 + "…"


def test_no_hits_no_quotes() -> None:
    assert quote_sentences("溶体化処理", []) == []


def _headed(text: str, heading: str) -> Hit:
    return hit(1, text).model_copy(update={"anchor": Anchor(heading=(heading,))})


def test_what_the_heading_says_need_not_be_said_again() -> None:
    text = "Nobody uses furnace 2 now. The overshoot came from the seal."
    best = best_sentences("Why did furnace 2 overshoot?", [_headed(text, "Furnace 2")])
    assert best == {1: "The overshoot came from the seal."}


def test_a_heading_is_not_quoted() -> None:
    headed = _headed("溶体化処理\n415 °Cで溶体化した。", "溶体化処理")
    assert quote_sentences("溶体化処理", [headed])[0].claim == "415 °Cで溶体化した。"


def test_each_hit_has_its_own_best_sentence() -> None:
    hits = [hit(1, REPORT), hit(2, NOTES), hit(3, "")]
    assert best_sentences("溶体化処理 hardness", hits) == {
        1: "溶体化処理は415 °Cで24時間行った。",
        2: "The hardness of A-12 was 92 HV.",
    }


@settings(max_examples=50)
@given(st.lists(_TEXT, max_size=4), st.sampled_from(["溶体化処理", "hardness?", "?"]))
def test_every_quote_is_a_verbatim_part_of_the_hit_it_names(
    texts: list[str], question: str
) -> None:
    hits = {number: hit(number, text) for number, text in enumerate(texts, start=1)}
    quotes = quote_sentences(question, list(hits.values()))
    assert len(quotes) <= 3
    for quote in quotes:
        [number] = quote.hits
        assert quote.claim.removesuffix("…") in hits[number].text
