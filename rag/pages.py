"""Where a search goes on: a cursor that says what was shown, and nothing of what was found.

Each page is found anew in the index of its moment, and what was shown is left out. So nothing
appears twice, and nothing that stays is lost, however the index changes between the pages.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from rag.models import MAX_CURSOR_CHARS, SearchRequest
from rag.problems import CursorUnfit

MOST_OF_A_FILE: Final = 3
"""Hits of one file, where they are grouped by file: one mark stands for them all."""

_MARK_BYTES: Final = 6
_DIGEST_BYTES: Final = 8
_COUNT_BYTES: Final = 4
_MOST_MARKS: Final = (MAX_CURSOR_CHARS * 3 // 4 - _DIGEST_BYTES - _COUNT_BYTES) // _MARK_BYTES
_NOT_THE_SEARCH: Final = {"cursor", "limit", "neighbours"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages before have shown: marks of it, and how many hits they were."""

    marks: frozenset[bytes] = frozenset()
    hits: int = 0

    def and_also(self, marks: Iterable[bytes], *, hits: int) -> "Shown":
        """Return what has been shown once these are, too."""
        return Shown(self.marks | frozenset(marks), self.hits + hits)


def mark(*facts: str) -> bytes:
    """Return what tells a thing that was shown from others: one pair in 10¹⁰ or so is confused."""
    digest = blake2b(digest_size=_MARK_BYTES)
    for fact in facts:
        encoded = fact.encode()
        digest.update(len(encoded).to_bytes(8) + encoded)
    return digest.digest()


def shown_before(request: SearchRequest) -> Shown:
    """Return what the request's cursor says; without one, nothing was shown.

    Raises:
        CursorUnfit: it is none of ours, or of another search.
    """
    if request.cursor is None:
        return Shown()
    try:
        raw = base64.b64decode(request.cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise CursorUnfit from error
    digest, rest = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    count, marks = rest[:_COUNT_BYTES], rest[_COUNT_BYTES:]
    if digest != _digest(request) or not marks or len(marks) % _MARK_BYTES:
        raise CursorUnfit
    each = range(0, len(marks), _MARK_BYTES)
    hits = int.from_bytes(count)
    if hits > len(each) * MOST_OF_A_FILE:
        raise CursorUnfit
    return Shown(frozenset(marks[at : at + _MARK_BYTES] for at in each), hits=hits)


def cursor_after(request: SearchRequest, shown: Shown) -> str | None:
    """Return the cursor of the next page; None where a search has been followed far enough."""
    if len(shown.marks) > _MOST_MARKS:
        return None
    raw = _digest(request) + shown.hits.to_bytes(_COUNT_BYTES) + b"".join(sorted(shown.marks))
    return base64.urlsafe_b64encode(raw).decode("ascii")


def _digest(request: SearchRequest) -> bytes:
    """Return what all pages of a search have in common."""
    search = request.model_dump_json(exclude=_NOT_THE_SEARCH)
    return blake2b(search.encode(), digest_size=_DIGEST_BYTES).digest()
