from collections.abc import Mapping, Sequence

import pytest

from connectors.rdm.problems import RdmForbidden, RdmGone, RdmUnavailable
from tests.connectors.rdm.scripted import Asking, asking, json_reply, reply
from tests.servers.loopback import Handler

Element = Mapping[str, object]


def _nodes(*ids: str) -> list[Element]:
    return [{"type": "nodes", "id": node_id} for node_id in ids]


def _page(ids: str, *, total: int | None = None, is_last: bool = False) -> Handler:
    """Answer with the page that has these ids, written `a b c`, as version 2.1 and later do."""
    following = None if is_last else "https://evil.example/v2/nodes/?page=2"
    meta = {} if total is None else {"total": total}
    return json_reply({"data": _nodes(*ids.split()), "links": {"next": following}, "meta": meta})


async def _ids(it: Asking) -> list[object]:
    return [item["id"] async for item in it.session.get_items("nodes/", {"filter[root]": "abc12"})]


async def test_a_list_of_one_page_costs_one_request() -> None:
    async with asking(_page("a b", total=2, is_last=True)) as it:
        assert await _ids(it) == ["a", "b"]
    assert it.paths == ["/v2/nodes/?filter%5Broot%5D=abc12&page=1&page%5Bsize%5D=100"]


async def test_pages_are_asked_by_number_and_no_link_is_followed() -> None:
    answers = [_page("a b", total=3), _page("c", total=3, is_last=True)]
    async with asking(*answers, settings={"page_size": 2}) as it:
        assert await _ids(it) == ["a", "b", "c"]
    assert [path.partition("&")[2] for path in it.paths] == [
        "page=1&page%5Bsize%5D=2",
        "page=2&page%5Bsize%5D=2",
    ]


async def test_an_empty_list_has_nothing() -> None:
    async with asking(_page("", total=0, is_last=True)) as it:
        assert await _ids(it) == []


async def test_a_list_in_the_form_of_version_2_0_is_read_too() -> None:
    page: Element = {"data": _nodes("a"), "links": {"next": None, "meta": {"total": 1}}}
    async with asking(json_reply(page)) as it:
        assert await _ids(it) == ["a"]


async def test_a_list_that_does_not_say_its_length_is_believed() -> None:
    async with asking(_page("a"), _page("b", is_last=True)) as it:
        assert await _ids(it) == ["a", "b"]


@pytest.mark.parametrize(
    "pages",
    [
        [_page("a b")],
        [_page("a b", total=2)],
        [_page("a b"), _page("b a")],
        [_page("a"), _page("")],
    ],
    ids=["same page", "same page with length", "other order", "empty pages"],
)
async def test_a_list_whose_pages_bring_nothing_new_is_not_read_for_ever(
    pages: Sequence[Handler],
) -> None:
    async with asking(*pages) as it:
        with pytest.raises(RdmUnavailable, match="no end"):
            await _ids(it)
    assert len(it.requests) == 2


async def test_an_element_that_slipped_by_is_found_by_reading_again() -> None:
    """While page 1 is read, `a` goes: `c` moves to page 1, and page 2 begins behind it."""
    moved = [_page("a b", total=4), _page("d", total=3, is_last=True)]
    steady = [_page("b c", total=3), _page("d", total=3, is_last=True)]
    async with asking(*moved, *steady) as it:
        assert await _ids(it) == ["b", "c", "d"]


async def test_an_element_that_moved_to_the_front_is_found_by_reading_again() -> None:
    """After page 1 was read, `d` is changed and listed first: `b` is met twice, `d` never."""
    moved = [_page("a b", total=4), _page("b c", total=4, is_last=True)]
    steady = [_page("d a", total=4), _page("b c", total=4, is_last=True)]
    async with asking(*moved, *steady) as it:
        assert await _ids(it) == ["d", "a", "b", "c"]


async def test_an_element_that_slipped_by_while_others_came_is_found_by_reading_again() -> None:
    """While page 1 is read, `a` goes and `e` and `f` come: as many are met as there are now."""
    moved = [_page("a b", total=4), _page("d e", total=5), _page("f", total=5, is_last=True)]
    steady = [_page("b c", total=5), _page("d e", total=5), _page("f", total=5, is_last=True)]
    async with asking(*moved, *steady) as it:
        assert await _ids(it) == ["b", "c", "d", "e", "f"]


async def test_a_page_that_is_gone_by_the_time_means_reading_again() -> None:
    gone = json_reply({"errors": [{"detail": "Invalid page."}]}, 404)
    async with asking(_page("a b", total=3), gone, _page("a b", total=2, is_last=True)) as it:
        assert await _ids(it) == ["a", "b"]


async def test_a_list_that_names_an_element_twice_is_read_twice_and_believed() -> None:
    doubled = [_page("a b", total=4), _page("b c", total=4, is_last=True)]
    async with asking(*doubled, *doubled) as it:
        assert await _ids(it) == ["a", "b", "c"]
    assert len(it.requests) == 4


@pytest.mark.parametrize(
    "pages",
    [
        [_page("a b", total=9, is_last=True)],
        [_page("a", total=3), json_reply({"errors": []}, 404)] * 3,
        [
            answer
            for moving in "cdc"
            for answer in (_page("a b", total=4), _page(f"b {moving}", total=4, is_last=True))
        ],
    ],
    ids=["shorter than said", "announced page missing", "restless"],
)
async def test_a_list_that_is_never_whole_is_unavailable(pages: Sequence[Handler]) -> None:
    async with asking(*pages) as it:
        with pytest.raises(RdmUnavailable, match="kept changing"):
            await _ids(it)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": _nodes("a")},
        {"data": {"id": "a"}, "links": {"next": None}},
        {"data": ["a"], "links": {"next": None}},
        {"data": [{"type": "nodes"}], "links": {"next": None}},
        {"data": [{"id": 7}], "links": {"next": None}},
        {"data": _nodes("a"), "links": []},
    ],
)
async def test_a_list_in_another_form_is_unavailable(document: Element) -> None:
    async with asking(json_reply(document)) as it:
        with pytest.raises(RdmUnavailable, match="another form"):
            await _ids(it)


@pytest.mark.parametrize(("status", "problem"), [(403, RdmForbidden), (410, RdmGone)])
async def test_a_list_may_be_private_or_gone(
    status: int, problem: type[RdmForbidden | RdmGone]
) -> None:
    async with asking(json_reply({"errors": [{"detail": "no"}]}, status)) as it:
        with pytest.raises(problem):
            await _ids(it)


async def test_a_list_is_unavailable_where_one_of_its_pages_is() -> None:
    async with asking(_page("a", total=2), reply(502)) as it:
        with pytest.raises(RdmUnavailable, match="HTTP 502"):
            await _ids(it)
