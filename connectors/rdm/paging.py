"""Read a list of API v2 whole, page by page, though it may change or lie meanwhile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from connectors.rdm.replies import JsonObject

MAX_ELEMENTS: Final = 100_000
"""Beyond this a list is taken to have no end."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its elements by type and id, whether another follows, and the list's length."""

    elements: Mapping[str, JsonObject]
    received: int
    """How many elements there are, counting those that are there twice."""
    has_next: bool
    total: int | None


@dataclass(slots=True)
class ListReading:
    """What was read of a list so far; elements that came twice are kept once."""

    elements: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    pages: int = 0
    received: int = 0
    totals: set[int] = field(default_factory=set[int])
    is_cut: bool = False
    """Whether a page that had been announced was not there."""

    def add(self, page: Page) -> bool:
        """Take a page in; tell whether it brought anything new."""
        before = len(self.elements)
        self.elements.update(page.elements)
        self.pages += 1
        self.received += page.received
        if page.total is not None:
            self.totals.add(page.total)
        return len(self.elements) > before

    def is_settled(self, before: Collection[str] | None) -> bool:
        """Tell whether nothing can have slipped by between the pages.

        An element that moves over the border of two pages is met twice or not at all: then the
        length has changed, or fewer different elements were met than it says. Where the reading
        `before` met the very same elements, the list is one that names some of them twice.
        """
        length = max(self.totals, default=0)
        if self.is_cut or self.received < length:
            return False
        is_steady = len(self.totals) <= 1 and len(self.elements) >= length
        return is_steady or before == self.elements.keys()


def page_in(document: JsonObject) -> Page | None:
    """Return the page that a document is; None where it has another shape.

    The list's length is in `meta` from version 2.1 on, in `links.meta` before.
    """
    links = _object(document.get("links"))
    elements = _elements(document.get("data"))
    if links is None or elements is None:
        return None
    meta = _object(document.get("meta")) or {}
    total = meta.get("total", (_object(links.get("meta")) or {}).get("total"))
    return Page(
        elements={f"{each.get('type')} {each['id']}": each for each in elements},
        received=len(elements),
        has_next=links.get("next") is not None,
        total=total if isinstance(total, int) else None,
    )


def _elements(data: object) -> list[JsonObject] | None:
    if not isinstance(data, list):
        return None
    elements = [_object(each) for each in cast("list[object]", data)]
    named = [each for each in elements if each is not None and isinstance(each.get("id"), str)]
    return named if len(named) == len(elements) else None


def _object(value: object) -> JsonObject | None:
    return cast("JsonObject", value) if isinstance(value, dict) else None
