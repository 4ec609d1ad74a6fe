"""Text whose encoding nobody wrote down."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.parsing.encoding import decode_text

JAPANESE = "試料㈱①の髙さを測定した。\nアルミニウム合金、ｱﾙﾐﾆｳﾑ\n"
PLAIN = "試料の硬さを測定した。\nアルミニウム合金\n"

_WORDS = st.sampled_from(
    ["硬さ", "試料", "を測定した", "アルミニウム", "415℃", "は", "。", "、", "AZ91", "\n", "熱処理"]
)
_SENTENCES = st.lists(_WORDS, min_size=3).map("".join).filter(lambda text: "。" in text)


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"]
)
def test_japanese_with_vendor_characters_is_read(codec: str) -> None:
    assert decode_text(JAPANESE.encode(codec)).text == JAPANESE


@pytest.mark.parametrize("codec", ["shift_jis", "euc_jp", "iso2022_jp"])
def test_japanese_in_the_older_encodings_is_read(codec: str) -> None:
    assert decode_text(PLAIN.encode(codec)).text == PLAIN


@pytest.mark.parametrize("bom", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf16_with_a_bom_is_read_in_either_byte_order(bom: bytes) -> None:
    codec = "utf-16-le" if bom == codecs.BOM_UTF16_LE else "utf-16-be"
    assert decode_text(bom + "硬さ".encode(codec)).text == "硬さ"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_bom_is_told_though_some_kanji_hold_a_nul(codec: str) -> None:
    text = "一番、一回、一人\n1\n"  # U+4E00 has one, where ASCII has none
    assert decode_text(text.encode(codec)).text == text


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16"])
@given(text=_SENTENCES)
@settings(max_examples=40)
def test_a_japanese_sentence_is_read_in_every_encoding(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec)).text == text


@pytest.mark.parametrize(
    "text",
    ["ｻﾝﾌﾟﾙ,ｵﾝﾄﾞ,ｼﾞｶﾝ\n1,2,3\n", "ﾋﾞｯｶｰｽｶﾀｻ ｼｹﾝ ｹｯｶ\n", "ｶﾞﾗｽ,ﾌﾟﾗｽﾁｯｸ,ｾﾗﾐｯｸｽ\n"],
)
def test_columns_named_in_half_width_kana_are_not_taken_for_kanji(text: str) -> None:
    assert decode_text(text.encode("cp932")).text == text


@pytest.mark.parametrize(
    "text", ["温度,時間,硬度\n1,2,3\n", "試料番号,熱処理温度\n", "発展と平蔵\n"]
)
def test_columns_named_in_kanji_are_not_taken_for_half_width_kana(text: str) -> None:
    assert decode_text(text.encode("euc_jp")).text == text


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
def test_a_record_padded_with_nuls_is_text(codec: str) -> None:
    text = "測定値は九十二であった。装置の記録による。測定者は不明。\n\x00\x00"
    assert decode_text(text.encode(codec)).text == text


def test_line_ends_become_single_line_feeds() -> None:
    assert decode_text(b"a\r\nb\rc\n").text == "a\nb\nc\n"


def test_no_bytes_are_no_text() -> None:
    assert decode_text(b"").text == ""


@pytest.mark.parametrize(
    "raw",
    [b"\x93NUMPY\x01\x00v\x00\xff\xfe\xfd\x80\x81", bytes(range(256)), b"\x01\x02\x03\x04abc"],
)
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text(raw)
