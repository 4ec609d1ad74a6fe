"""A cursor belongs to its search, tells what was shown, and opens nothing."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.models import MAX_CURSOR_CHARS, SearchRequest
from rag.pages import Shown, cursor_after, mark, shown_before
from rag.problems import CursorUnfit

SEARCH = SearchRequest(query="熱処理", file_types=["pdf"])
SHOWN = Shown(frozenset({mark("a"), mark("b")}), hits=5)


def _continued(search: SearchRequest, cursor: str | None, **changes: object) -> SearchRequest:
    return SearchRequest.model_validate({**search.model_dump(), "cursor": cursor, **changes})


def test_without_a_cursor_nothing_was_shown() -> None:
    assert shown_before(SEARCH) == Shown()


def test_a_cursor_tells_what_was_shown() -> None:
    assert shown_before(_continued(SEARCH, cursor_after(SEARCH, SHOWN))) == SHOWN


def test_a_next_page_may_have_another_length_and_other_neighbours() -> None:
    cursor = cursor_after(SEARCH, SHOWN)
    assert shown_before(_continued(SEARCH, cursor, limit=50, neighbours=2)) == SHOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"query": "熱処理 "},
        {"file_types": []},
        {"projects": []},
        {"group_by": "file"},
        {"unique_texts": True},
        {"modified_from": "2024-01-01"},
    ],
)
def test_a_cursor_of_another_search_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CursorUnfit):
        shown_before(_continued(SEARCH, cursor_after(SEARCH, SHOWN), **changes))


@pytest.mark.parametrize("cursor", ["", "\0", "あ", "=" * 8, "A" * 20, "A" * MAX_CURSOR_CHARS])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorUnfit):
        shown_before(_continued(SEARCH, cursor))


def test_a_cursor_that_says_more_was_shown_than_it_marks_is_refused() -> None:
    cursor = cursor_after(SEARCH, Shown(SHOWN.marks, hits=7))  # of two files, 6 hits at the most
    with pytest.raises(CursorUnfit):
        shown_before(_continued(SEARCH, cursor))


@given(raw=st.binary(max_size=80), cut=st.integers(0, 40))
@settings(max_examples=100)
def test_a_broken_cursor_is_refused(raw: bytes, cut: int) -> None:
    whole = cursor_after(SEARCH, SHOWN)
    assert whole is not None
    for cursor in (base64.urlsafe_b64encode(raw).decode(), whole[:cut] if cut < len(whole) else ""):
        try:
            shown = shown_before(_continued(SEARCH, cursor))
        except CursorUnfit:
            continue
        assert shown.marks <= SHOWN.marks


def test_a_search_that_was_followed_far_enough_ends_before_its_cursor_is_too_long() -> None:
    marks = [mark(str(number)) for number in range(3_000)]
    lengths = [
        len(cursor_after(SEARCH, Shown(frozenset(marks[:count]), hits=count)) or "")
        for count in (1, 100, 2_046, 2_047, 3_000)
    ]
    assert lengths[0] == 24
    assert lengths[1] == 816
    assert max(lengths) <= MAX_CURSOR_CHARS
    assert lengths[-1] == 0


def test_marks_tell_apart_what_is_split_otherwise() -> None:
    assert mark("ab", "c") != mark("a", "bc")
