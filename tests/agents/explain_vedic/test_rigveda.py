"""What is found, and what is left alone, with the whole Rigveda as the operator's corpus."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from agents.explain_vedic.corpus import Corpus, Verse, load_bundled, load_corpus
from agents.explain_vedic.devanagari import normalise, skeleton, without_accents
from agents.explain_vedic.iast import to_devanagari, to_iast
from agents.explain_vedic.matching import SHORTEST, VerseIndex, index_of

CONSONANTS = "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह"
PROSE = {"ŚBM", "BĀU", "ChU", "AB", "JB", "GB", "PB", "KātyŚS", "DrāhŚS", "KauṣB", "GobhGS"}


@pytest.fixture(scope="module")
def rigveda(shared_data: Path) -> Corpus:
    return load_corpus(shared_data / "vedic" / "rigveda.jsonl.gz")


@pytest.fixture(scope="module")
def index(rigveda: Corpus) -> VerseIndex:
    return index_of((load_bundled(), rigveda))


def _misread(text: str, share: float, chance: random.Random) -> str:
    """Put another consonant in place of this share of them."""
    return "".join(
        chance.choice(CONSONANTS) if char in CONSONANTS and chance.random() < share else char
        for char in without_accents(text)
    )


def _found(index: VerseIndex, verses: Sequence[tuple[Verse, str]]) -> int:
    """Return how many are found as themselves, or as one with the same words."""
    matches = [(verse, index.find(normalise(reading))) for verse, reading in verses]
    return sum(
        match is not None and verse.locus in {match.verse.locus, *match.also}
        for verse, match in matches
    )


@pytest.mark.parametrize(("wrong", "at_least"), [(0.0, 100), (0.1, 99), (0.2, 97), (0.3, 90)])
def test_a_verse_is_found_without_accents_and_with_wrong_letters(
    index: VerseIndex, rigveda: Corpus, wrong: float, at_least: int
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same noise every time, no secret
    verses = chance.sample(rigveda.verses, 100)
    assert _found(index, [(verse, _misread(verse.text, wrong, chance)) for verse in verses]) >= (
        at_least
    )


@pytest.mark.parametrize(("wrong", "at_least"), [(0.0, 100), (0.1, 98), (0.2, 92)])
def test_a_verse_is_found_by_its_first_half(
    index: VerseIndex, rigveda: Corpus, wrong: float, at_least: int
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same noise every time, no secret
    halves = [(verse, verse.text.split("।")[0]) for verse in chance.sample(rigveda.verses, 100)]
    assert _found(index, [(verse, _misread(half, wrong, chance)) for verse, half in halves]) >= (
        at_least
    )


def _sentences(shared_data: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(shared_data / "vedic" / "ud_vedic_dev.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            sentence = json.loads(line)
            reading = normalise(to_devanagari(sentence["text"]))
            if len(skeleton(reading)) >= SHORTEST:
                yield sentence["source"], reading


def test_at_most_three_in_a_hundred_sentences_of_vedic_prose_are_taken_for_a_verse(
    index: VerseIndex, shared_data: Path
) -> None:
    prose = [reading for source, reading in _sentences(shared_data) if source in PROSE]
    sample = prose[::4]
    assert len(sample) > 250
    assert sum(index.find(reading) is not None for reading in sample) <= 0.03 * len(sample)


def test_nine_in_ten_sentences_of_the_rigveda_written_word_by_word_are_found(
    index: VerseIndex, shared_data: Path
) -> None:
    verses = [reading for source, reading in _sentences(shared_data) if source == "ṚV"][::2]
    assert len(verses) > 200
    assert sum(index.find(reading) is not None for reading in verses) >= 0.9 * len(verses)


def test_all_but_a_handful_of_the_verses_come_back_from_iast_as_they_were(rigveda: Corpus) -> None:
    plain = [without_accents(verse.text) for verse in rigveda.verses]
    changed = [text for text in plain if to_devanagari(to_iast(text)) != text]
    assert len(plain) == 10_419
    assert len(changed) <= 5
