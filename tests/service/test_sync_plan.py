"""What a sync of a tree must do follows from what is known, and from nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rdm.models import LogEntry, Node
from rag.models import FileFailure, IndexReport, StalePart
from service.records.projects import MAX_TITLE, ProjectRecord
from service.sources.sync_plan import (
    add_up,
    may_be_outdated,
    may_trust_logs,
    missing_records,
    needs_token,
    own_nodes,
    shown_title,
    told_about,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY_S = 86_400.0


def _node(node_id: str, parent: str | None = None) -> Node:
    return Node(
        node_id=node_id,
        title=node_id,
        description="",
        category="",
        tags=(),
        is_public=False,
        is_registration=False,
        has_wiki=False,
        parent=parent,
        root="top01",
        permissions=frozenset({"read"}),
        modified=None,
        link="",
    )


TREE = [_node("top01"), _node("comp1", "top01"), _node("comp2", "top01"), _node("deep1", "comp1")]


def _record(
    node: str, *, log_mark: str | None = None, listed_at: datetime | None = None
) -> ProjectRecord:
    return ProjectRecord(
        project_id=f"rdm-{node}",
        title="",
        kind="rdm",
        location=f"rdm:{node}",
        created_by="me",
        created_at=NOW,
        instance="rdm",
        node=node,
        log_mark=log_mark,
        listed_at=listed_at,
    )


def test_a_source_keeps_its_whole_tree() -> None:
    assert own_nodes(TREE, top="top01", other_sources={"top01"}) == TREE


def test_what_hangs_below_another_source_is_left_to_that_one() -> None:
    own = own_nodes(TREE, top="top01", other_sources={"top01", "comp1"})
    assert [node.node_id for node in own] == ["top01", "comp2"]


def test_what_the_tree_does_not_show_is_missing_the_deepest_first() -> None:
    known = [_record("top01"), _record("comp1"), _record("deep1")]
    missing = missing_records(known, [_node("top01")])
    assert [record.node for record in missing] == ["deep1", "comp1"]


def test_without_a_tree_everything_is_missing() -> None:
    assert missing_records([_record("top01")], []) == [_record("top01")]


@pytest.mark.parametrize(
    ("log_mark", "age", "newest", "trusted"),
    [
        ("log1", timedelta(hours=1), "log1", True),
        ("log1", timedelta(hours=1), "log2", False),
        ("log1", timedelta(hours=25), "log1", False),
        ("log1", timedelta(hours=-1), "log1", False),
        (None, timedelta(hours=1), "log1", False),
        (None, timedelta(hours=1), None, False),
        ("log1", None, "log1", False),
    ],
)
def test_logs_are_trusted_for_a_day_where_nothing_new_is_in_them(
    log_mark: str | None, age: timedelta | None, newest: str | None, *, trusted: bool
) -> None:
    listed_at = None if age is None else NOW - age
    record = _record("top01", log_mark=log_mark, listed_at=listed_at)
    log = None if newest is None else LogEntry(newest, None)
    assert may_trust_logs(record, log, now=NOW, relist_after_s=DAY_S) is trusted


def test_logs_are_never_trusted_where_that_is_chosen() -> None:
    record = _record("top01", log_mark="log1", listed_at=NOW)
    assert not may_trust_logs(record, LogEntry("log1", NOW), now=NOW, relist_after_s=0)


def test_a_node_may_be_outdated_where_its_newest_log_is_newer_or_that_is_not_known() -> None:
    node, later = replace(_node("top01"), modified=NOW), NOW + timedelta(microseconds=1)
    assert not may_be_outdated(node, None)
    assert not may_be_outdated(node, LogEntry("log1", NOW))
    assert may_be_outdated(node, LogEntry("log2", later))
    assert may_be_outdated(node, LogEntry("log2", None))
    assert may_be_outdated(_node("top01"), LogEntry("log1", NOW))


@given(st.text())
def test_a_title_is_one_line_that_every_database_keeps(title: str) -> None:
    shown = shown_title(title, "abc12")
    assert 0 < len(shown) <= MAX_TITLE
    assert shown.isprintable()


def test_a_title_without_letters_is_the_id() -> None:
    assert shown_title(" \0\n", "abc12") == "abc12"


def test_a_report_adds_up_the_projects_of_a_source() -> None:
    finished = IndexReport(project_id="rdm-top01", stage="indexing", seen=3, done=2, removed=1)
    current = IndexReport(project_id="rdm-comp1", stage="done", seen=4, done=1, moved=1, eta_s=5)
    total = add_up(finished, current, is_last=True)
    assert (total.project_id, total.stage, total.eta_s) == ("rdm-top01", "indexing", 5)
    assert (total.seen, total.done, total.removed, total.moved) == (7, 3, 1, 1)


def test_how_long_it_takes_is_not_known_before_the_last_project() -> None:
    finished = IndexReport(project_id="rdm-top01", stage="indexing")
    current = IndexReport(project_id="rdm-comp1", stage="indexing", eta_s=5)
    assert add_up(finished, current, is_last=False).eta_s is None


def test_paths_in_components_are_told_apart_from_those_in_the_top() -> None:
    failure = FileFailure(path="osfstorage/a.txt", code="encrypted", message="…")
    part = StalePart(path="/", code="rdm_unavailable", message="…")
    top = IndexReport(project_id="rdm-top01", stage="done", failures=[failure])
    component = IndexReport(project_id="rdm-comp1", stage="done", failures=[failure], stale=[part])
    total = add_up(
        add_up(IndexReport(project_id="rdm-top01", stage="listing"), top, is_last=False),
        component,
        is_last=True,
    )
    paths = [told.path for told in total.failures]
    assert paths == ["osfstorage/a.txt", "rdm-comp1/osfstorage/a.txt"]
    assert [told.path for told in total.stale] == ["rdm-comp1/"]


def test_a_report_tells_nothing_of_a_component_that_was_lost_since() -> None:
    paths = ["osfstorage/a.txt", "rdm-comp1/osfstorage/b.txt", "rdm-lost1/osfstorage/c.txt"]
    report = IndexReport(
        project_id="rdm-top01",
        stage="indexing",
        current="osfstorage/d.txt",
        current_project="rdm-lost1",
        failures=[FileFailure(path=path, code="encrypted", message="…") for path in paths],
        stale=[StalePart(path="rdm-lost1/", code="rdm_unavailable", message="…")],
    )
    told = told_about(report, {"rdm-top01", "rdm-comp1"})
    assert [failure.path for failure in told.failures] == paths[:2]
    assert (told.stale, told.current, told.current_project) == ([], None, None)


def test_what_failed_is_told_in_a_bounded_list() -> None:
    failure = FileFailure(path="a", code="encrypted", message="…")
    many = IndexReport(project_id="rdm-comp1", stage="done", failed=100, failures=[failure] * 100)
    total = add_up(many.model_copy(update={"project_id": "rdm-top01"}), many, is_last=True)
    assert (total.failed, len(total.failures)) == (200, 100)


@pytest.mark.parametrize(
    ("was_indexed", "is_public", "gone", "needed"),
    [
        (True, False, False, True),
        (True, True, False, False),
        (True, False, True, False),
        (False, False, False, False),
    ],
)
def test_what_was_read_with_a_token_needs_one(
    *, was_indexed: bool, is_public: bool, gone: bool, needed: bool
) -> None:
    indexed_at = NOW if was_indexed else None
    record = replace(_record("comp1"), indexed_at=indexed_at, is_public=is_public, gone=gone)
    open_top = replace(_record("top01"), indexed_at=NOW, is_public=True)
    assert needs_token([open_top, record]) is needed
