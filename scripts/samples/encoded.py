"""Japanese text in the encodings that research data really has."""

from collections.abc import Mapping

# Path in the samples → codec. Programs of their time wrote CRLF; UTF-16 came with a BOM.
ENCODED: Mapping[str, str] = {
    "alloy-project/data/硬さ_時効曲線.csv": "cp932",
    "alloy-project/data/熱分析_TI-02.txt": "utf-16",
    "alloy-project/メモ/実験メモ_2025-06.txt": "cp932",
    "alloy-project/メモ/旧炉の覚え書き.txt": "euc_jp",
    "alloy-project/メモ/問合せへの返事.txt": "iso2022_jp",
}


def encoded_text(text: str, codec: str) -> bytes:
    """Return the text in `codec`, with CRLF as line ends.

    Raises:
        UnicodeEncodeError: the encoding lacks a character of the text.
    """
    with_crlf = text.replace("\n", "\r\n")
    if codec == "utf-16":
        return b"\xff\xfe" + with_crlf.encode("utf-16-le")  # little-endian on every machine
    return with_crlf.encode(codec)
