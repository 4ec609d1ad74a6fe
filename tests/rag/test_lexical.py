"""What is found by its words: spellings that must meet, and vectors that can be trusted."""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.lexical import BIGRAMS, WORDS, Saturation, encode_document, encode_query

_PRINT_VECTORS = "import sys; from rag.lexical import *; print(encode_document(sys.argv[1]))"
_SCRIPTS = st.text(
    st.sampled_from("aZé0.-' \nあアｱ熱処理々ー・अग्ि॒𠮷㍉①ﬁ\u200d\u0301_٣"), max_size=60
)


def _shared(query: str, document: str, kind: str = "words") -> set[int]:
    found = set(encode_query(query)[kind].indices)
    return found & set(encode_document(document)[kind].indices)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("A12", "試料 A-12 の硬さ"),
        ("A-12", "sample A12, as cast"),
        ("SUS304", "SUS304鋼の腐食"),
        ("ＳＵＳ３０４", "SUS304"),
        ("Fe3O4", "Fe₃O₄ nanoparticles"),
        ("Ti6Al4V", "Ti-6Al-4V powder"),
        ("Ti6Al4V", "Ti–6Al–4V powder"),
        ("SUS 304", "SUS304鋼の腐食"),
        ("SUS304", "SUS 304 sheets"),
        ("AZ91D", "AZ 91D alloy"),
        ("Ti5Al2.5Sn", "Ti-5Al-2.5Sn parts"),
        ("24時間", "held for 24 h"),
        ("24 h", "二十四時間保持した"),
        ("415度", "quenched from 415°C"),
        ("300度", "三百度で保持した"),
        ("0.05wt.%", "0.05 wt% Zr"),
        ("1e-5", "a rate of 1×10⁻⁵ /s"),
        ("5um", "a grain size of 5 µm"),
        ("1000 strokes", "after 1,000 cycles"),
        ("第三回", "第3回打合せ議事録"),
        ("2024/05/12", "stopped on 2024-05-12"),
        ("JSM 7000F", "JEOL JSM-7000F"),
        ("0.05", "a strain of 0.05 was applied"),
        ("0.05", "0.05mm"),
        ("処理", "溶体化処理"),
        ("たべる", "食べた"),
        ("ﾏｸﾞﾈｼｳﾑ", "マグネシウム合金"),
        ("コンピュータ", "コンピューター"),
        ("alloys", "an alloy"),
        ("hardening", "the steel hardened"),
        ("Poincare", "Poincaré sections"),
        ("naive", "naïve Bayes"),
        ("Muller", "Müller's method"),
        ("agnim", "agním īḷe"),
        ("अग्निमीळे", "अ॒ग्निमी॑ळे"),
    ],
)
def test_two_spellings_of_one_word_meet(query: str, document: str) -> None:
    assert _shared(query, document)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("0.05", "sample 0 and sample 05"),
        ("A12", "A-13"),
        ("SUS304", "SUS 316L"),
        ("24h", "48 h"),
        ("1e-5", "1×10⁻⁶"),
        ("अग्नि", "अग्नी"),
        ("the", "the of"),
    ],
)
def test_different_words_do_not_meet(query: str, document: str) -> None:
    assert not _shared(query, document)


def test_character_pairs_find_what_words_miss() -> None:
    assert _shared("化処", "溶体化処理", "bigrams")
    assert not _shared("化処", "時効硬化", "bigrams")


def test_digits_inside_japanese_count_as_neighbours() -> None:
    assert _shared("第3回", "第3回報告", "bigrams")
    assert len(_shared("第3回", "第4回報告", "bigrams")) == 0


def test_english_alone_has_no_character_pairs() -> None:
    assert encode_document("Solution treatment at 415 °C")["bigrams"].indices == []


@pytest.mark.parametrize("text", ["", " \n", "?!", "。、", "the of and"])
def test_a_text_without_words_has_empty_vectors(text: str) -> None:
    assert all(not vector.indices for vector in encode_document(text).values())


def test_a_query_counts_each_term_as_often_as_it_was_asked() -> None:
    assert encode_query("alloy alloys steel")["words"].values in ([1.0, 2.0], [2.0, 1.0])


def test_a_name_counts_twice_in_a_query() -> None:
    assert sorted(encode_query("AZ91 alloy")["words"].values) == [1.0, 2.0]


def test_bm25_is_as_in_the_paper() -> None:
    """Robertson & Zaragoza 2009, by hand: 2·(0.9 + 1) / (2 + 0.9·(0.4 + 0.6·40/80))."""
    assert Saturation(k1=0.9, b=0.6, mean_length=80).weight(2, 40) == pytest.approx(3.8 / 2.63)


@pytest.mark.parametrize("saturation", [WORDS, BIGRAMS])
def test_repeating_a_term_helps_less_each_time(saturation: Saturation) -> None:
    once, twice, often = (saturation.weight(count, 80) for count in (1, 2, 100))
    assert 0 < twice - once < once
    assert often < saturation.k1 + 1


def test_a_term_of_a_long_text_weighs_less() -> None:
    assert WORDS.weight(1, 200) < WORDS.weight(1, 20)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_gives_the_same_vectors(seed: str) -> None:
    text = "溶体化処理 of A-12, agním 0.05"
    command = [sys.executable, "-c", _PRINT_VECTORS, text]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
    printed = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    assert printed.stdout.strip() == repr(encode_document(text))


@settings(max_examples=60)
@given(st.one_of(st.text(max_size=80), _SCRIPTS))
def test_any_text_gives_sorted_unique_ids_with_positive_weights(text: str) -> None:
    for vector in (*encode_document(text).values(), *encode_query(text).values()):
        assert list(vector.indices) == sorted(set(vector.indices))
        assert all(0 <= index < 2**32 for index in vector.indices)
        assert len(vector.values) == len(vector.indices)
        assert all(value > 0 for value in vector.values)


@settings(max_examples=60)
@given(_SCRIPTS, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_how_a_text_is_composed_makes_no_difference(
    text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    assert encode_document(unicodedata.normalize(form, text)) == encode_document(text)


@settings(max_examples=60)
@given(_SCRIPTS)
def test_a_text_is_found_by_itself(text: str) -> None:
    for kind, vector in encode_query(text).items():
        assert _shared(text, text, kind) == set(vector.indices)


@pytest.mark.parametrize(
    "unit",
    ["熱処理", "a", "A-12 ", "é", "𠮷", "अ॒", "'", "1.", "1", "10", "1 ", "三", "1e", "×10", "a1"],
)
def test_long_texts_are_encoded_whole(unit: str) -> None:
    """A run without spaces must cost no more than its length, and Sudachi has a limit of bytes."""
    assert encode_document(unit * 30_000).keys() == {"words", "bigrams"}


def test_a_run_over_the_analysers_limit_keeps_its_last_words() -> None:
    assert _shared("溶体化", "あ" * 60_000 + "溶体化")


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns a thousand times as often as they do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_texts_that_threads_read_at_once_give_what_each_gives_alone() -> None:
    """Files are cut side by side, queries come meanwhile, and a stemmer is no good to two."""
    endings = ("iveness", "ational", "izing", "fulness")
    letters = "abcdefghij"
    words = [f"{a}{b}t{c}l{d}" for a, b, c, d in product(letters, letters, letters[:5], endings)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(encode_query, words))
    assert together == [encode_query(word) for word in words]
