import gzip
import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from agents.explain_vedic.corpus import Verse, load_bundled, load_corpus
from agents.explain_vedic.devanagari import normalise
from agents.problems import CorpusInvalid

LINE = json.dumps({"locus": "RV 1.1.1", "text": "अ॒ग्निमी॑ळे पु॒रोहि॑तं"}, ensure_ascii=False)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "verses.jsonl"


def test_the_bundled_verses_are_normalised_and_each_has_its_own_locus() -> None:
    verses = load_bundled().verses
    assert [verse.text for verse in verses] == [normalise(verse.text) for verse in verses]
    assert len({verse.locus for verse in verses}) == len(verses) == 20


def test_a_corpus_is_named_after_its_file_and_hashed(corpus: Path) -> None:
    corpus.write_text(f"{LINE}\n\n", encoding="utf-8")
    loaded = load_corpus(corpus)
    assert loaded.id == "verses.jsonl"
    assert loaded.digest == sha256(corpus.read_bytes()).hexdigest()
    assert loaded.verses == (Verse(locus="RV 1.1.1", text="अ॒ग्निमी॑ळे पु॒रोहि॑तं"),)


def test_gzip_is_unpacked_whatever_the_name(corpus: Path) -> None:
    corpus.write_bytes(gzip.compress(LINE.encode()))
    assert [verse.locus for verse in load_corpus(corpus).verses] == ["RV 1.1.1"]


def test_a_corpus_that_changed_is_read_again(corpus: Path) -> None:
    corpus.write_text(LINE, encoding="utf-8")
    before = load_corpus(corpus)
    corpus.write_text(LINE.replace("1.1.1", "1.1.2"), encoding="utf-8")
    os.utime(corpus, ns=(1, 1))
    assert load_corpus(corpus) != before
    assert load_corpus(corpus).verses[0].locus == "RV 1.1.2"


@pytest.mark.parametrize(
    "bad",
    [
        "no json",
        "[]",
        '{"locus": "RV 1.1.2"}',
        '{"locus": "", "text": "अग्निः"}',
        '{"locus": "RV 1.1.2", "text": "agniḥ pūrvebhir"}',
    ],
)
def test_a_line_that_is_no_verse_is_named(corpus: Path, bad: str) -> None:
    corpus.write_text(f"{LINE}\n{bad}\n", encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="line 2 has no locus and text in Devanagari"):
        load_corpus(corpus)


def test_bytes_that_are_no_utf_8_are_named_too(corpus: Path) -> None:
    corpus.write_bytes(b'{"locus": "RV 1.1.1", "text": "\xff"}')
    with pytest.raises(CorpusInvalid, match="line 1"):
        load_corpus(corpus)


def _with_flipped_byte(packed: bytes, at: int) -> bytes:
    return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]


@pytest.mark.parametrize(
    "damaged",
    [
        gzip.compress(LINE.encode() * 99)[:-12],
        _with_flipped_byte(gzip.compress(LINE.encode() * 99), 12),
        _with_flipped_byte(gzip.compress(LINE.encode()), -6),
        b"\x1f\x8b",
    ],
)
def test_a_damaged_gzip_says_so(corpus: Path, damaged: bytes) -> None:
    corpus.write_bytes(damaged)
    with pytest.raises(CorpusInvalid, match="damaged or not readable"):
        load_corpus(corpus)


def test_a_small_file_may_not_unpack_to_a_large_one(corpus: Path) -> None:
    corpus.write_bytes(gzip.compress(b"\n" * 100_000))
    with pytest.raises(CorpusInvalid, match="over 50,000 bytes when unpacked"):
        load_corpus(corpus, max_bytes=50_000)


def test_a_missing_file_and_a_folder_are_problems(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match="No such file"):
        load_corpus(tmp_path / "missing.jsonl")
    with pytest.raises(CorpusInvalid, match="not readable"):
        load_corpus(tmp_path)
