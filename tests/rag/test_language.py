"""Which language a passage is in, told from its script, and what a model knows of a query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.language import are_names, guess_language, known_share

ENGLISH_MODEL = frozenset({"en"})
EVERY_LANGUAGE = frozenset({"*"})


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("硬さは92HVであった。", "ja"),
        ("溶体化処理", "ja"),
        ("ﾋﾞｯｶｰｽ硬さ", "ja"),
        ("AZ91合金をSEM (JEOL JSM-7000F) で観察した", "ja"),
        ("The hardness was 92 HV.", "en"),
        ("The alloy (合金) was solution heat-treated at 415 degrees for two hours.", "en"),
        ("अग्निमीळे पुरोहितं यज्ञस्य देवम्", "sa"),
        ("अग्निमीळे (RV 1.1.1)", "sa"),
        ("これはअग्निという語である。神を讃える詩の冒頭に立つ。", "ja"),
        ("92 | 88 | 3.5", "en"),
        ("", "en"),
    ],
)
def test_the_script_with_the_most_weight_decides(text: str, language: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "query",
    [
        "AZ91",
        "SUS 304",
        "#A-12",
        "試料A12",
        "Fe₃O₄",
        "24 h",
        "24時間",
        "415 °C",
        "300 MPa",
        "0.05 wt%",
        "1×10^-5",
        "XRD",
        "ＸＲＤ",
        "第3回",
        "JSM-7000F",
        "10.1038/s41586-020-2649-2",
    ],
)
def test_identifiers_and_quantities_are_names(query: str) -> None:
    assert are_names(query)
    assert known_share(query, EVERY_LANGUAGE) == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?!",
        "it",
        "who is he",
        "hardness of AZ91",
        "AZ91の硬さ",
        "第三回",
        "agnim",
        "What is 5G?",
        "300度で焼鈍した試料",
    ],
)
def test_what_has_words_of_a_language_is_more_than_names(query: str) -> None:
    assert not are_names(query)
    assert known_share(query, EVERY_LANGUAGE) > 0


@pytest.mark.parametrize("query", ["溶体化処理の温度", "अग्निमीळे", "AZ91の硬さ"])
def test_a_model_understands_nothing_of_a_language_it_does_not_know(query: str) -> None:
    assert known_share(query, ENGLISH_MODEL) == 0


def test_a_model_understands_all_of_prose_in_its_language() -> None:
    assert known_share("Why did the specimen crack?", ENGLISH_MODEL) == 1
    assert known_share("試料が割れたのはなぜか", EVERY_LANGUAGE) == 1


def test_a_model_understands_part_of_a_query_with_a_name_in_it() -> None:
    assert known_share("sample AZ91", ENGLISH_MODEL) == 6 / (6 + 3 * 4)


def test_a_model_understands_part_of_a_query_in_two_languages() -> None:
    query = "solution treatment 時効"
    assert known_share(query, ENGLISH_MODEL) == 17 / (17 + 3 * 2)
    assert known_share(query, EVERY_LANGUAGE) == 1


@given(st.text(st.sampled_from("aZé0.-' あア熱々अ①\u0301"), max_size=30))
def test_who_knows_more_languages_understands_no_less(query: str) -> None:
    shares = [known_share(query, frozenset(known)) for known in ([], ["en"], ["en", "ja"], ["*"])]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
