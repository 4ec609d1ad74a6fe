"""What answers say of themselves."""

import string
from dataclasses import asdict

import pytest

from contracts.problems import ServiceUnreachable
from rag.phrases import ENGLISH, JAPANESE, Phrases, phrases_for


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("溶体化処理の温度は？", JAPANESE),
        ("AZ91の硬さ", JAPANESE),
        ("How long?", ENGLISH),
        ("अग्निमीळे", ENGLISH),
        ("?", ENGLISH),
    ],
)
def test_an_answer_speaks_the_language_of_its_question(question: str, phrases: Phrases) -> None:
    assert phrases_for(question) is phrases


def test_a_failure_is_told_in_the_language_of_the_answer() -> None:
    failure = ServiceUnreachable("The chat model", reason="it went away", service_ja="対話モデル")
    assert ENGLISH.failure(failure) == (
        "The chat model did not finish (The chat model did not answer: it went away)."
    )
    assert JAPANESE.failure(failure) == (
        "対話モデルが応答しませんでした（対話モデルから応答がありません。"
        "しばらくしてから再度お試しください）。"
    )


def test_both_languages_leave_the_same_places_open() -> None:
    assert _places(JAPANESE) == _places(ENGLISH)


def _places(phrases: Phrases) -> dict[str, list[str | None]]:
    return {
        name: [place for _, place, _, _ in string.Formatter().parse(text) if place]
        for name, text in asdict(phrases).items()
    }
