"""The rule of who may read a project, on plain values."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.rdm.models import Readable
from service.access.who_reads import (
    View,
    hidden_public_nodes,
    instances_to_ask,
    public_nodes,
    readable_among,
)
from service.records.projects import ProjectRecord

FOLDER = ProjectRecord(
    project_id="alloy",
    title="alloy",
    location="/alloy",
    created_by="me",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def _node(node: str, *, parent: str | None = None, is_public: bool = False) -> ProjectRecord:
    return replace(
        FOLDER,
        project_id=f"rdm-{node}",
        kind="rdm",
        instance="rdm",
        node=node,
        parent_node=parent,
        is_public=is_public,
        source_id="rdm-top01",
    )


TOP = _node("top01")
PART = _node("part1", parent="top01")
DEEP = _node("deep1", parent="part1")
OPEN = _node("open1", is_public=True)
ALL = [FOLDER, TOP, PART, DEEP, OPEN]


def _seen(
    contributed: str = "", *, administered: str = "", public: str = "", granted: str = "*"
) -> list[str]:
    """Return the projects of `ALL` that are read; arguments are ids, separated by spaces."""
    readable = Readable(
        contributed=frozenset(contributed.split()), administered=frozenset(administered.split())
    )
    view = View(readable=readable, public=frozenset(public.split()))
    found = readable_among(ALL, granted=granted.split(), views={"rdm": view})
    return [each.project_id for each in found]


def test_a_folder_is_read_by_whom_it_was_granted_to() -> None:
    assert _seen() == ["alloy"]
    assert _seen(granted="alloy rdm-top01") == ["alloy"]
    assert _seen(granted="rdm-top01") == []


def test_a_node_is_read_by_its_own_contributors_not_by_those_of_its_parent() -> None:
    assert _seen("top01") == ["alloy", "rdm-top01"]
    assert _seen("part1") == ["alloy", "rdm-part1"]


def test_an_administrator_reads_all_below() -> None:
    assert _seen("top01", administered="top01") == ["alloy", "rdm-top01", "rdm-part1", "rdm-deep1"]
    assert _seen("part1", administered="part1") == ["alloy", "rdm-part1", "rdm-deep1"]


def test_an_administrator_reads_what_hangs_below_a_node_that_the_source_does_not_see() -> None:
    top = frozenset({"top01"})
    view = View(readable=Readable(contributed=top, administered=top))
    assert readable_among([TOP, DEEP], granted=["*"], views={"rdm": view}) == [TOP, DEEP]


def test_a_source_of_its_own_hangs_below_nothing_that_is_not_known() -> None:
    alone = replace(DEEP, source_id=DEEP.project_id)
    top = frozenset({"top01"})
    view = View(readable=Readable(contributed=top, administered=top))
    assert readable_among([TOP, alone], granted=["*"], views={"rdm": view}) == [TOP]


def test_a_contributor_without_the_grant_reads_nothing() -> None:
    assert _seen("top01 part1 deep1", administered="top01", granted="rdm-part1") == ["rdm-part1"]
    assert _seen("top01", granted="") == []


def test_a_public_node_is_read_by_everybody_while_it_is_public_on_both_sides() -> None:
    assert _seen(public="open1") == ["alloy", "rdm-open1"]
    assert _seen(public="") == ["alloy"], "it was made private since the last sync"
    assert _seen(public="top01") == ["alloy"], "the last sync did not find it public"


def test_an_instance_that_was_not_asked_shows_nothing() -> None:
    found = readable_among(ALL, granted=["*"], views={})
    assert found == [FOLDER]


def test_a_node_that_is_gone_is_read_by_nobody() -> None:
    readable = Readable(contributed=frozenset({"top01"}), administered=frozenset({"top01"}))
    view = View(readable=readable, public=frozenset({"top01"}))
    gone = replace(TOP, gone=True, is_public=True)
    assert readable_among([gone], granted=["*"], views={"rdm": view}) == []
    assert public_nodes([gone], "rdm") == frozenset()


def test_the_same_node_id_of_another_instance_is_another_project() -> None:
    other = replace(TOP, project_id="osf-top01", instance="osf")
    view = View(readable=Readable(contributed=frozenset({"top01"}), administered=frozenset()))
    assert readable_among([TOP, other], granted=["*"], views={"rdm": view}) == [TOP]


def test_a_circle_of_parents_has_an_end() -> None:
    circle = [_node("part1", parent="deep1"), DEEP]
    view = View(readable=Readable(contributed=frozenset(), administered=frozenset({"part1"})))
    found = readable_among(circle, granted=["*"], views={"rdm": view})
    assert DEEP in found


def test_a_tree_that_was_made_endlessly_deep_holds_up_nobody() -> None:
    chain = [TOP] + [_node(f"n{depth}", parent=f"n{depth - 1}") for depth in range(10_000)]
    view = View(readable=Readable(contributed=frozenset(), administered=frozenset({"n0"})))
    found = readable_among(chain, granted=["*"], views={"rdm": view})
    assert [each.node for each in found] == [f"n{depth}" for depth in range(1, 101)]


def test_whether_a_node_is_public_matters_only_where_the_caller_does_not_read_it_anyway() -> None:
    nobody = Readable(contributed=frozenset(), administered=frozenset())
    member = Readable(contributed=frozenset({"open1"}), administered=frozenset())
    hidden = [
        hidden_public_nodes(ALL, "rdm", granted=granted, readable=readable)
        for granted, readable in ((["*"], nobody), (["*"], member), (["alloy"], nobody))
    ]
    assert hidden == [{"open1"}, frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("granted", "among", "asked"),
    [
        ("*", None, ["rdm"]),
        ("alloy", None, []),
        ("*", ["alloy"], []),
        ("*", ["alloy", "rdm-top01"], ["rdm"]),
        ("*", ["rdm-nnnnn"], ["rdm"]),
        ("*", ["nowhere"], []),
        ("*", ["osf-top01"], []),
        ("alloy", ["rdm-top01"], []),
        ("alloy", ["rdm-nnnnn"], []),
        ("*", [], []),
    ],
)
def test_an_instance_is_asked_by_the_form_of_the_ids_not_by_what_is_there(
    granted: str, among: list[str] | None, asked: list[str]
) -> None:
    assert instances_to_ask(ALL, granted=granted.split(), among=among) == asked


def test_a_folder_named_like_a_node_needs_no_rdm_where_it_was_granted() -> None:
    misleading = replace(FOLDER, project_id="rdm-files")
    projects = [misleading, TOP]
    for granted, asked in ((["*"], []), (["rdm-top01"], ["rdm"])):
        assert instances_to_ask(projects, granted=granted, among=["rdm-files"]) == asked
