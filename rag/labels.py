"""What files are labelled with, in the one spelling that is stored and asked for."""

import unicodedata
from collections.abc import Iterable
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

MAX_TAG_CHARS: Final = 100
_MAX_TAGS: Final = 100


def asked_tag(tag: str) -> str:
    """Return a tag without its case, its width and its odd spaces: ＸＲＤ and xrd are one.

    Raises:
        ValueError: nothing is left of it.
    """
    return _something(_folded(tag))


def asked_type(ending: str) -> str:
    """Return the file type that an ending stands for: `.PDF` is `pdf`.

    Raises:
        ValueError: nothing stands behind its last dot.
    """
    return _something(_ending(ending))


def asked_prefix(path: str) -> str:
    """Return the beginning of a path as paths are stored: in NFC, relative to the project."""
    return unicodedata.normalize("NFC", path).lstrip("/")


def stored_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags folded, in order, each once: the first 100 that can be asked for."""
    folded = dict.fromkeys(map(_folded, tags))
    return tuple(islice((tag for tag in folded if 0 < len(tag) <= MAX_TAG_CHARS), _MAX_TAGS))


def type_of(path: str) -> str:
    """Return a file's type; empty where its name has no ending."""
    return _ending(PurePosixPath(path).suffix)


def _folded(tag: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", tag).casefold().split())


def _ending(text: str) -> str:
    return text.rpartition(".")[2].strip().lower()


def _something(label: str) -> str:
    if not label:
        raise ValueError("nothing is left of it")
    return label
