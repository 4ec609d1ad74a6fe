"""What of a passage a query is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.highlights import highlight


def _marked(query: str, text: str) -> str:
    """Return the text with its highlights in brackets."""
    [spans] = highlight(query, [text])
    shown, last = "", 0
    for span in spans:
        shown += f"{text[last : span.start]}[{text[span.start : span.end]}]"
        last = span.end
    return shown + text[last:]


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("hardness test", "The [Hardness] of [tested] samples; [testing]."),
        ("the of a", "the hardness of a sample"),
        ("hardness of A12", "[Hardness] of sample [A-12] (A-13)"),
        ("SUS304 at 0.05 mm", "[SUS 304], [SUS304]: [0.05] [mm]; 304, sus"),
        ("strength", "tensile-[strength], [STRENGTHS]!"),
        ("strasse", "Die [Straße]."),
        ("agnim", "[agním] īḷe puróhitaṃ"),
        ("अग्निमीळे", "[अग्निमीळे] पुरोहितं"),
    ],
)
def test_words_match_by_their_stem_whatever_their_case_and_accents(query: str, marked: str) -> None:
    assert _marked(query, marked.replace("[", "").replace("]", "")) == marked


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("溶体化処理の温度", "合金の[溶体化処理]は[処理温度]を管理する。[溶体化]熱[処理]"),
        ("AZ91の硬さ", "[ＡＺ９１]合金の[硬さ]"),
        ("ガラスの転移", "[ｶﾞﾗｽ転移]と[ガラス]の相"),
        ("火", "[火]の神アグニ"),
        ("のでは", "のではない"),
        ("hardness 硬さ", "[硬さ] ([hardness])"),
    ],
)
def test_japanese_matches_as_it_is_written_in_any_width(query: str, marked: str) -> None:
    assert _marked(query, marked.replace("[", "").replace("]", "")) == marked


def test_japanese_in_another_spelling_is_found_by_the_dictionary() -> None:
    assert _marked("食べた", "昨日たべる。") == "昨日[たべる]。"


def test_each_text_has_its_own_highlights() -> None:
    found = highlight("hardness", ["hardness", "x", "hardness, hardness"])
    assert [len(spans) for spans in found] == [1, 0, 2]
    assert highlight("hardness", []) == []


_TEXT = st.text(
    st.one_of(
        st.sampled_from(list("硬さ処理温度ガラスｶﾞﾗｽＡＺ９１az-9. \n\u3099\u0301éßﬁ㎏㍿अग्नि")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=40,
)


@given(query=_TEXT, texts=st.lists(_TEXT, max_size=3))
@settings(max_examples=150, deadline=None)
def test_highlights_are_inside_the_text_in_order_and_apart(query: str, texts: list[str]) -> None:
    for text, spans in zip(texts, highlight(query, texts), strict=True):
        edges = [edge for span in spans for edge in (span.start, span.end)]
        assert edges == sorted(set(edges))
        assert all(0 <= edge <= len(text) for edge in edges)


@given(text=_TEXT)
@settings(max_examples=100, deadline=None)
def test_a_text_without_the_querys_words_has_no_highlight(text: str) -> None:
    assert highlight("?!", [text]) == [[]]
