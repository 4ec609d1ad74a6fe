import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.explain_vedic.devanagari import (
    compose,
    is_devanagari,
    normalise,
    skeleton,
    without_accents,
)

_VEDIC = "".join(map(chr, range(0x0900, 0x0980))) + "\u1cda\u1cdc\ua8f3\u0301\u0331\u200d|:’ x1\n\t"
_TEXTS = st.one_of(st.text(alphabet=_VEDIC, max_size=40), st.text(max_size=40))


@given(_TEXTS)
@settings(max_examples=300)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(_TEXTS)
@settings(max_examples=100)
def test_normalised_text_is_composed_devanagari_and_white_space(text: str) -> None:
    normalised = normalise(text)
    assert unicodedata.is_normalized("NFC", normalised)
    assert all("\u0900" <= char <= "\u097f" or char in " \n" for char in normalised)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("अग्निमी\u030dळे", "अग्निमी॑ळे"),
        ("अ\u0331ग्निम्", "अ॒ग्निम्"),
        ("स्व\u1cdaः", "स्वः॑"),
        ("स्व॑ः", "स्वः॑"),
        ("अ॒ं॑ः", "अंः॒॑"),
        ("नमः | नमः", "नमः । नमः"),
        ("नम: ||", "नमः ॥"),
        ("१ 2 ३", "१ २ ३"),
        ("सोऽ’ ‘ग्निः", "सोऽऽ ऽग्निः"),
        ("दे\u200dवः\ufeff", "देवः"),
        ("देवाँ दे\ua8f3वा", "देवाँ देँवा"),
    ],
)
def test_one_thing_is_spelt_one_way(written: str, meant: str) -> None:
    assert normalise(written) == meant


def test_what_is_no_devanagari_is_dropped_and_lines_are_kept() -> None:
    assert normalise("RV — अग्निम् [1] ईळे\n\n  पुरोहितम्  ") == "अग्निम् १ ईळे\nपुरोहितम्"


def test_dandas_of_two_lines_are_not_joined() -> None:
    assert normalise("नमः ।\n। देवः") == "नमः ।\n। देवः"


def test_no_more_than_30_marks_stay_on_a_letter() -> None:
    assert compose("क" + "\u0951" * 20_000 + "ख") == "क" + "\u0951" * 30 + "ख"


def test_accents_go_and_with_them_the_numerals_that_only_carry_them() -> None:
    assert without_accents("अप्स्व१॒॑न्तर॒मृत॑म् ॥१॥") == "अप्स्वन्तरमृतम् ॥१॥"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("अग्निमीळे", "अ॒ग्निमी॑ळे"),
        ("अग्निमीळे", "अग्निमीडे"),
        ("सोऽग्निः", "सो ग्निः"),
        ("अङ्गिरः", "अंगिरः"),
        ("देवाँ इह", "देवां इह"),
        ("अग्निम् ईळे", "अग्निमीळे"),
        ("यद् अङ्ग", "यदङ्ग"),
        ("देवः ।\nयः ॥१॥", "देवः यः"),
    ],
)
def test_spellings_of_the_same_words_are_compared_as_equal(one: str, other: str) -> None:
    assert skeleton(normalise(one)) == skeleton(normalise(other))


def test_other_words_are_not_compared_as_equal() -> None:
    assert skeleton("देवः") != skeleton("देवाः")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("अ॒ग्निमी॑ळे", True),
        ("RV अग्निमीळे पुरोहितम्", True),
        ("agnim īḷe", False),
        ("焼入れ", False),
        ("123 ।", False),
        ("", False),
    ],
)
def test_a_text_is_devanagari_when_most_of_its_letters_are(text: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_devanagari(text) is expected
