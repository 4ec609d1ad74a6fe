"""Sources and the nodes that came with them, in both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.problems import ProjectBusy, ProjectExists
from service.records.database import Database
from service.records.jobs import JobRecords
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecord, SourceRecords

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _node(node: str, *, source: str = "rdm-abc12", title: str = "金属") -> ProjectRecord:
    return ProjectRecord(
        project_id=f"rdm-{node}",
        title=title,
        kind="rdm",
        location=f"rdm:{node}",
        created_by="me",
        created_at=NOW,
        source_id=source,
        instance="rdm",
        node=node,
        parent_node=None if node == "abc12" else "abc12",
        link=f"https://rdm.example/{node}/",
    )


@pytest.fixture
async def sources(database: Database) -> SourceRecords:
    records = SourceRecords(database)
    await records.add(_node("abc12"))
    return records


@pytest.fixture
def projects(sources: SourceRecords) -> ProjectRecords:
    return ProjectRecords(sources.database)


async def test_a_record_comes_back_as_it_was_put_in(projects: ProjectRecords) -> None:
    full = replace(
        _node("comp1"),
        is_public=True,
        is_registration=True,
        log_mark="log1",
        listed_at=NOW,
        indexed_at=NOW,
        gone=True,
    )
    assert await projects.put_node(full) == full
    assert await projects.find("rdm-comp1") == full


async def test_a_node_that_is_known_keeps_what_was_indexed(projects: ProjectRecords) -> None:
    await projects.put_node(_node("comp1"))
    await projects.mark_listed("rdm-comp1", log_mark="log1", listed_at=NOW)
    await projects.mark_indexed("rdm-comp1", NOW)
    put = await projects.put_node(replace(_node("comp1", title="鋼"), is_public=True))
    assert put is not None
    assert (put.title, put.is_public) == ("鋼", True)
    assert (put.log_mark, put.listed_at, put.indexed_at) == ("log1", NOW, NOW)


async def test_a_node_takes_no_id_of_a_folder(
    sources: SourceRecords, projects: ProjectRecords
) -> None:
    folder = ProjectRecord(
        project_id="rdm-comp1", title="", location="/x", created_by="me", created_at=NOW
    )
    await sources.add(folder)
    with pytest.raises(ProjectExists):
        await projects.put_node(_node("comp1"))


async def test_a_component_becomes_a_source_and_stays_one(
    sources: SourceRecords, projects: ProjectRecords
) -> None:
    await projects.put_node(_node("comp1"))
    await sources.add(_node("comp1", source=""))
    assert await projects.put_node(_node("comp1")) is None
    assert [each.project_id for each in await projects.of_source("rdm-abc12")] == ["rdm-abc12"]
    assert [each.is_source for each in await projects.of_source("rdm-comp1")] == [True]


async def test_a_component_is_not_taken_from_a_source_that_is_synced(
    sources: SourceRecords, projects: ProjectRecords
) -> None:
    jobs = JobRecords(sources.database)
    await projects.put_node(_node("comp1"))
    await jobs.enqueue("rdm-abc12", created_by="me")
    await jobs.claim("worker")
    with pytest.raises(ProjectBusy):
        await sources.add(_node("comp1", source=""))


async def test_one_of_the_syncs_and_a_component_taken_away_comes_first(
    sources: SourceRecords, projects: ProjectRecords
) -> None:
    jobs = JobRecords(sources.database)
    await projects.put_node(_node("comp1"))
    await jobs.enqueue("rdm-abc12", created_by="me")
    claimed, added = await asyncio.gather(
        jobs.claim("worker"),
        sources.add(_node("comp1", source="")),
        return_exceptions=True,
    )
    taken = await sources.find("rdm-comp1") is not None
    assert taken is not isinstance(added, ProjectBusy)
    assert not isinstance(claimed, BaseException)


async def test_adding_a_source_again_changes_only_what_is_named(sources: SourceRecords) -> None:
    await sources.add(_node("abc12"), sync_every_s=3600, with_registrations=True)
    await sources.add(_node("abc12"))
    assert await sources.find("rdm-abc12") == SourceRecord(
        project_id="rdm-abc12", sync_every_s=3600, with_registrations=True
    )


async def test_a_new_interval_is_scheduled_anew(sources: SourceRecords) -> None:
    await sources.add(_node("abc12"), sync_every_s=3600)
    [source] = await sources.list_all()
    assert await sources.schedule(source, NOW, sync_now=False)
    await sources.add(_node("abc12"), sync_every_s=60)
    [source] = await sources.list_all()
    assert (source.sync_every_s, source.next_sync_at) == (60, None)


async def test_a_source_that_many_add_at_once_is_there_once(sources: SourceRecords) -> None:
    await asyncio.gather(*(sources.add(_node("other", source="")) for _ in range(8)))
    assert [each.project_id for each in await sources.list_all()] == ["rdm-abc12", "rdm-other"]


async def test_with_a_source_go_its_nodes_and_no_others(
    sources: SourceRecords, projects: ProjectRecords
) -> None:
    await projects.put_node(_node("comp1"))
    await sources.add(_node("other", source=""))
    await sources.remove("rdm-abc12")
    assert [each.project_id for each in await projects.list_records()] == ["rdm-other"]
    assert [each.project_id for each in await sources.list_all()] == ["rdm-other"]


async def test_a_source_that_is_gone_is_so_until_it_is_met_again(
    projects: ProjectRecords,
) -> None:
    await projects.mark_gone("rdm-abc12")
    lost = await projects.find("rdm-abc12")
    assert lost is not None
    assert (lost.gone, lost.log_mark, lost.listed_at) == (True, None, None)
    found = await projects.put_node(_node("abc12"))
    assert found is not None
    assert not found.gone
