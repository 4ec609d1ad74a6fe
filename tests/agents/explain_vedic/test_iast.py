import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.explain_vedic.corpus import Verse, load_bundled
from agents.explain_vedic.devanagari import without_accents
from agents.explain_vedic.iast import to_devanagari, to_iast

_CONSONANTS = "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषस"
_SIGNS = ["", *"ािीुूृेैोौ"]
_CLUSTERS = ["", "", *(f"{consonant}्" for consonant in "कगतदनपबरलवशषस")]
_SYLLABLES = st.tuples(
    st.sampled_from(_CLUSTERS),
    st.sampled_from(_CONSONANTS),
    st.sampled_from(_SIGNS),
    st.sampled_from(["", "", "ं", "ः"]),
).map(lambda parts: "".join(parts).replace("रृ", "र्ऋ"))
_WORDS = st.tuples(
    st.sampled_from(["", *"अआइईउऊऋएऐओऔ"]),
    st.lists(_SYLLABLES, min_size=1, max_size=5).map("".join),
    st.sampled_from(["", "त्", "न्", "म्"]),
).map("".join)


@given(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join))
@settings(max_examples=200)
def test_words_come_back_from_iast_as_they_were(text: str) -> None:
    assert to_devanagari(to_iast(text)) == text


@pytest.mark.parametrize("verse", load_bundled().verses, ids=lambda verse: verse.locus)
def test_the_bundled_verses_come_back_from_iast_as_they_were(verse: Verse) -> None:
    plain = without_accents(verse.text)
    assert to_devanagari(to_iast(plain)) == plain


@pytest.mark.parametrize(
    ("devanagari", "iast"),
    [
        ("अग्निमीळे पुरोहितं", "agnimīḷe purohitaṃ"),
        ("गूळ्हम्", "gūḷham"),
        ("कॢप्तम्", "kḷptam"),
        ("निर्ऋतिः", "nirṛtiḥ"),
        ("प्रउगम्", "praügam"),
        ("तितउ", "titaü"),
        ("सूनवेऽग्ने", "sūnave'gne"),
        ("देवाँ एह", "devām̐ eha"),
        ("नमः । देवः ॥१॥", "namaḥ | devaḥ ||1||"),
    ],
)
def test_both_directions_agree(devanagari: str, iast: str) -> None:
    assert to_iast(devanagari) == iast
    assert to_devanagari(iast) == devanagari


@pytest.mark.parametrize(
    "spelling",
    [
        "agním īḷe puróhitaṁ",
        "AGNIM ĪḶE PUROHITAṂ",
        unicodedata.normalize("NFD", "agnim īḷe purohitaṃ"),
    ],
)
def test_other_spellings_mean_the_same(spelling: str) -> None:
    assert to_devanagari(spelling) == "अग्निम् ईळे पुरोहितं"


def test_the_stroke_of_a_palatal_s_is_no_accent() -> None:
    assert to_devanagari("śáṃ r̥ṣiḥ") == "शं ऋषिः"


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_any_text_can_be_read_as_iast(text: str) -> None:
    assert isinstance(to_devanagari(text), str)


def test_a_diaeresis_that_parts_no_vowels_is_no_failure() -> None:
    assert to_devanagari("tür") == "तुर्"


def test_what_is_not_known_stays() -> None:
    assert to_iast("焼 x") == "焼 x"
    assert to_devanagari("焼") == "焼"
