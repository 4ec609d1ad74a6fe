"""How many tokens a text has: by the model's own tokenizer where it is at hand, else estimated."""

import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, cast

from inference.problems import EmbeddingInputTooLong, LocalEmbeddingMissing, ModelFolderUnfit

CountTokens = Callable[[str], int]
_FILE = "tokenizer.json"


class Encoding(Protocol):
    """What is used of `tokenizers.Encoding`."""

    ids: list[int]


class Tokenizer(Protocol):
    """What is used of `tokenizers.Tokenizer`, which has no types."""

    def encode(self, sequence: str) -> Encoding: ...

    def no_truncation(self) -> None: ...

    def no_padding(self) -> None: ...


def estimate_tokens(text: str) -> int:
    """Return an estimate on the high side, since the model's tokenizer is not at hand.

    In the vocabularies of multilingual models the words of a text cost less than a token for
    two Latin letters; kana, kanji, Devanagari, digits and signs at most one for each character.
    """
    latin = sum(1 for character in text if character.isascii() and character.isalpha())
    other = sum(1 for character in text if not character.isascii())
    symbols = len(text) - latin - other
    return latin // 2 + other + symbols + 2


def open_tokenizer(folder: Path) -> Tokenizer:
    """Load `tokenizer.json` of a model's folder.

    Raises:
        LocalEmbeddingMissing: the extra `local` is not installed.
        ModelFolderUnfit: the file is not there, or is none.
    """
    # Passages come one by one; and a process whose tokenizer had threads complains when it forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        library: Any = importlib.import_module("tokenizers")
    except ModuleNotFoundError as error:
        raise LocalEmbeddingMissing from error
    if not (folder / _FILE).is_file():
        raise ModelFolderUnfit(folder, reason=f"{_FILE} is not there")
    try:
        tokenizer = cast("Tokenizer", library.Tokenizer.from_file(str(folder / _FILE)))
    except Exception as error:  # the library raises nothing narrower
        raise ModelFolderUnfit(folder, reason=f"{_FILE} cannot be read") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def token_counter(folder: Path | None) -> CountTokens:
    """Return what counts by the tokenizer in `folder`, special tokens included, or estimates.

    Raises:
        LocalEmbeddingMissing, ModelFolderUnfit: see `open_tokenizer`.
    """
    if folder is None:
        return estimate_tokens
    tokenizer = open_tokenizer(folder)
    return lambda text: len(tokenizer.encode(text).ids)


def refuse_too_long(lengths: Iterable[int], max_tokens: int) -> None:
    """Return if every text has tokens that the model reads.

    Raises:
        EmbeddingInputTooLong: names the first text that has more.
    """
    for index, length in enumerate(lengths):
        if length > max_tokens:
            raise EmbeddingInputTooLong(index, max_tokens=max_tokens)


def cut_to_fit(text: str, count: CountTokens, max_tokens: int) -> str:
    """Return the text, cut at its end where it is too long for the model."""
    while count(text) > max_tokens:
        text = text[: len(text) * 3 // 4]
    return text
