"""The pages of what was sent: pictures, or documents, page by page."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

from inference.model_server.isolated import ChildFailed, ChildLimits, read_isolated
from inference.model_server.problems import DocumentUnreadable
from inference.problems import ImageUnreadable

_CHILD: Final = "inference.model_server.page_child"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimits:
    """What is read of a document."""

    most_pages: int = 200
    most_pixels: int = 60_000_000
    dots_an_inch: int = 300
    child: ChildLimits = field(default_factory=ChildLimits)


@dataclass(frozen=True, slots=True)
class Page:
    """An upright page as PNG; the number counts from 1."""

    number: int
    width: int
    height: int
    png: bytes


async def pages_of(
    data: bytes, limits: PageLimits, *, only: int | None, is_document: bool
) -> AsyncGenerator[Page]:
    """Yield the pages one by one, or that one alone.

    Raises:
        ImageUnreadable, DocumentUnreadable: it cannot be read, has no such page, or too many.
    """
    number, last = only or 1, only
    while last is None or number <= last:
        job = {
            "page": number,
            "most_pages": limits.most_pages,
            "most_pixels": limits.most_pixels,
            "dots_an_inch": limits.dots_an_inch,
        }
        try:
            facts, png = await read_isolated(_CHILD, job, data, limits.child)
        except ChildFailed as failed:
            if is_document:
                raise DocumentUnreadable(failed.reason) from failed
            raise ImageUnreadable(failed.reason) from failed
        if last is None:
            last = min(facts["pages"], limits.most_pages)
        yield Page(number, facts["width"], facts["height"], png)
        number += 1
