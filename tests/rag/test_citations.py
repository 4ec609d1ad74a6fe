"""Citations in a sentence, checked against the hits."""

import pytest

from rag.citations import CheckedSentence, CitedText, check_sentence, without_marks
from rag.models import Citation

KNOWN = frozenset({1, 2, 3})


@pytest.mark.parametrize(
    ("sentence", "claim", "hits"),
    [
        ("It held 24 h [1].", "It held 24 h.", (1,)),
        ("It held [1, 3] 24 h.", "It held 24 h.", (1, 3)),
        ("It held 24 h [1][3].", "It held 24 h.", (1, 3)),
        ("It held 24 h [3][1][3].", "It held 24 h.", (3, 1)),
        ("24時間保持した［1］。", "24時間保持した。", (1,)),
        ("24時間保持した【１、２】。", "24時間保持した。", (1, 2)),
    ],
)
def test_citations_are_found_however_they_are_written(
    sentence: str, claim: str, hits: tuple[int, ...]
) -> None:
    assert check_sentence(sentence, known=KNOWN) == CheckedSentence(claim, hits)


@pytest.mark.parametrize(
    "sentence",
    [
        "It held 24 h.",
        "It held 24 h [4].",
        "It held 24 h [1][4].",
        "It held 24 h [0].",
        "It held 24 h (1).",
        "[1]",
        "[1].",
        "- [1]",
    ],
)
def test_a_sentence_without_right_citations_or_without_a_claim_is_refused(sentence: str) -> None:
    assert check_sentence(sentence, known=KNOWN) is None


def test_a_sentence_is_shown_with_its_citations_behind_it() -> None:
    assert CheckedSentence("24時間保持した。", (1, 4)).shown == "24時間保持した。[1][4]"


def test_each_claim_knows_where_it_stands_in_the_text() -> None:
    text = CitedText()
    added = [
        text.append(CheckedSentence("It held.", (1,)), separator=" "),
        text.append(CheckedSentence("It cooled.", (2, 3)), separator=" "),
    ]
    assert added == ["It held.[1]", " It cooled.[2][3]"]
    assert text.text == "".join(added)
    assert text.citations == (
        Citation(start=0, end=8, hits=[1]),
        Citation(start=12, end=22, hits=[2, 3]),
    )


def test_a_papers_own_references_become_plain_numbers() -> None:
    assert without_marks("as shown [3], [1, 2] and [a]") == "as shown (3), (1, 2) and [a]"
