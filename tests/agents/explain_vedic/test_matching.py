import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.explain_vedic.corpus import Corpus, Verse, load_bundled
from agents.explain_vedic.devanagari import normalise
from agents.explain_vedic.matching import SHORTEST, VerseIndex, index_of

BUNDLED = VerseIndex([load_bundled()])
FIRST = "अग्निमीळे पुरोहितं यज्ञस्य देवमृत्विजम्"
REFRAIN = "विश्वेषामिरज्यन्तं वसूनां सासह्वांसं"


def _corpus(*verses: tuple[str, str], name: str = "own") -> Corpus:
    return Corpus(name, name, tuple(Verse(locus=locus, text=text) for locus, text in verses))


@pytest.mark.parametrize("verse", load_bundled().verses, ids=lambda verse: verse.locus)
def test_every_bundled_verse_is_found_as_itself(verse: Verse) -> None:
    match = BUNDLED.find(verse.text)
    assert match is not None
    assert (match.verse, match.score) == (verse, 1.0)


@pytest.mark.parametrize(
    ("reading", "locus"),
    [
        (FIRST, "RV 1.1.1"),
        ("अग्निमीले पुरोहितँ यज्ञस्य देवमृत्विजम्", "RV 1.1.1"),
        ("अग्निम् ईळे पुरोहितम् यज्ञस्य देवम् ऋत्विजम्", "RV 1.1.1"),
        ("तत्सवितुर्वरेण्यं", "RV 3.62.10"),
        ("धयो यो न: प्रचोदयात", "RV 3.62.10"),
        ("नासदासीन्नो सदासीत्तदानीं", "RV 10.129.1"),
    ],
)
def test_a_verse_is_found_in_spite_of_accents_spaces_errors_and_missing_parts(
    reading: str, locus: str
) -> None:
    match = BUNDLED.find(normalise(reading))
    assert match is not None
    assert match.verse.locus == locus


@pytest.mark.parametrize(
    "reading",
    ["", "अग्निम्", "धर्मक्षेत्रे कुरुक्षेत्रे समवेता युयुत्सवः", "तस्मात् तान् निदधति", "क" * 20_000],
)
def test_what_is_in_no_verse_matches_none(reading: str) -> None:
    assert BUNDLED.find(reading) is None


def test_a_reading_shorter_than_12_letters_is_never_matched() -> None:
    index = VerseIndex([_corpus(("X 1", "अग्निमीळे"))])
    assert SHORTEST == 12
    assert index.find("अग्निमीळे") is None


def test_a_whole_verse_comes_before_a_longer_one_that_holds_it() -> None:
    index = VerseIndex([_corpus(("X 1", f"{FIRST} {REFRAIN}"), ("X 2", FIRST))])
    match = index.find(FIRST)
    assert match is not None
    assert (match.verse.locus, match.also) == ("X 2", ("X 1",))


def test_a_refrain_names_every_verse_that_has_it() -> None:
    verses = _corpus(("X 1", REFRAIN), ("X 2", FIRST), ("X 3", REFRAIN))
    match = VerseIndex([verses]).find(REFRAIN)
    assert match is not None
    assert (match.verse.locus, match.also) == ("X 1", ("X 3",))
    assert match.margin > 0.5


def test_a_verse_in_two_corpora_is_kept_once_and_from_the_first() -> None:
    match = VerseIndex([_corpus(("X 1", FIRST)), _corpus(("X 1", FIRST), name="other")]).find(FIRST)
    assert match is not None
    assert (match.corpus, match.also) == ("own", ())


def test_the_index_of_the_same_corpora_is_built_once() -> None:
    assert index_of((_corpus(("X 1", FIRST)),)) is index_of((_corpus(("X 1", FIRST)),))


def test_an_empty_corpus_matches_nothing() -> None:
    assert VerseIndex([_corpus()]).find(FIRST) is None


@given(st.text(alphabet="अआकखगमरसतदनि्ंः ळे।", max_size=200))
@settings(max_examples=100)
def test_scores_and_margins_lie_between_0_and_1(reading: str) -> None:
    match = BUNDLED.find(f"{FIRST} {normalise(reading)}")
    assert match is None or (0 <= match.margin <= match.score <= 1)
