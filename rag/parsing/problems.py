"""Why a file could not be turned into text."""

from typing import ClassVar, Literal

from contracts.problems import Kind, Problem

FailureCode = Literal[
    "encrypted",
    "empty_file",
    "no_text",
    "corrupt",
    "unsupported",
    "undecodable",
    "timed_out",
    "memory_exceeded",
    "too_large",
    "ocr_unavailable",
    "crashed",
]

_SENTENCES: dict[FailureCode, tuple[str, str, str]] = {
    "encrypted": (
        "The file is protected by a password.",
        "Store a copy without the password in the project.",
        "ファイルはパスワードで保護されています。",
    ),
    "empty_file": (
        "The file has no content (0 bytes).",
        "Upload it again if it should have some.",
        "ファイルは空です（0バイト）。",
    ),
    "no_text": (
        "No text was found in the file.",
        "If it is a scan, store it as PNG or TIFF pages so that OCR can read them.",
        "ファイルから文字を取り出せませんでした。",
    ),
    "corrupt": (
        "The file cannot be read as the format it claims to be.",
        "Open it in the program that wrote it, save it again, and upload the new copy.",
        "ファイルが壊れているか、形式が正しくありません。",
    ),
    "unsupported": (
        "This kind of file is not read.",
        "Store a copy as PDF, Office, CSV, text, HTML, a notebook or an image.",
        "この形式のファイルには対応していません。",
    ),
    "undecodable": (
        "The file is neither of a known format nor text in a known encoding.",
        "Save text as UTF-8; store anything else as PDF, Office, CSV, HTML, notebook or image.",
        "対応している形式でも、判別できる文字コードのテキストでもありません。",
    ),
    "timed_out": (
        "Reading the file took longer than allowed.",
        "Split the file, or let an operator raise the time limit of parsing.",
        "読み取りが制限時間を超えました。",
    ),
    "memory_exceeded": (
        "Reading the file needed more memory than allowed.",
        "Split the file, or let an operator raise the memory limit of parsing.",
        "読み取りに必要なメモリーが上限を超えました。",
    ),
    "too_large": (
        "The file holds more than is read from one file.",
        "Split the file, or let an operator raise the size limit of parsing.",
        "ファイルが大きすぎます。",
    ),
    "ocr_unavailable": (
        "No OCR engine is installed, so pictures cannot be read.",
        "Install tesseract-ocr with the languages you need, then index again.",
        "OCRが導入されていないため、画像を読めません。",
    ),
    "crashed": (
        "The parser ended unexpectedly on this file.",
        "Open it in the program that wrote it, save it again, and upload the new copy.",
        "読み取り中に解析器が異常終了しました。",
    ),
}


class ParseFailed(Problem):
    """One file could not be read; the others are not affected."""

    kind: ClassVar[Kind] = "invalid"
    code: ClassVar[str] = "parse_failed"

    def __init__(self, reason: FailureCode) -> None:
        message, hint, message_ja = _SENTENCES[reason]
        super().__init__(message, hint=hint, message_ja=message_ja)
        self.reason: FailureCode = reason
