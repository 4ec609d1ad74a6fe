"""Pages of a list in API v2: by number, at most 100 elements, totals where the version has them."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from tests.servers.rdm_documents import Document
from tests.servers.rdm_replies import JSON_API, Reply, Request, api_error, json_reply

MAX_PAGE: Final = 100
DEFAULT_PAGE: Final = 10

Item = TypeVar("Item")


def paged(
    request: Request,
    items: Sequence[Item],
    write: Callable[[Item], Document],
    *,
    host: str,
    version: tuple[int, int],
) -> Reply:
    """Return the page asked for; only its items are written. `host` is where links lead."""
    size = _page_size(request.query.get("page[size]", ""))
    last = max(1, -(-len(items) // size))
    asked = request.query.get("page", "1")
    number = last if asked == "last" else int(asked) if asked.isdecimal() else 0
    if not 1 <= number <= last:
        return api_error(404, "Invalid page.")

    def link(page: int, *, exists: bool) -> str | None:
        if not exists:
            return None
        query = {name: value for name, value in request.query.items() if name != "page"}
        query |= {"page": str(page)} if page > 1 else {}
        path = request.target.partition("?")[0]
        return f"{host}{path}?{urlencode(query)}" if query else f"{host}{path}"

    totals = {"total": len(items), "per_page": size}
    links: Document = {
        "first": link(1, exists=number > 1),
        "last": link(last, exists=number < last),
        "prev": link(number - 1, exists=number > 1),
        "next": link(number + 1, exists=number < last),
    }
    meta: Document = {"version": f"{version[0]}.{version[1]}"}
    if version < (2, 1):
        links["meta"] = totals
    else:
        meta |= totals
        links["self"] = link(number, exists=True)
    data = [write(item) for item in items[(number - 1) * size : number * size]]
    return json_reply({"data": data, "links": links, "meta": meta}, content_type=JSON_API)


def _page_size(asked: str) -> int:
    """Too large a size is cut, a senseless one ignored, as Django REST framework does."""
    return min(int(asked), MAX_PAGE) if asked.isdecimal() and int(asked) > 0 else DEFAULT_PAGE
