"""A source is removed whole, whatever happens meanwhile, and what is removed comes back whole."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.access.recorded import LOCAL_OPERATOR
from service.problems import ProjectBusy
from service.records.links import source_subject
from service.records.projects import ProjectRecords
from service.records.sources import SourceRecords
from service.sources.order import SourceOrder
from service.sources.sync import Syncs
from tests.rag.indexing import Stopped
from tests.service.rdm_shop import TOKEN, RdmShop, open_rdm_shop

SOURCE = "rdm-abc12"
INDEXED = {SOURCE: ["osfstorage/b.txt"]}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[RdmShop]:
    async with open_rdm_shop(tmp_path) as opened:
        opened.world.put("abc12", "/b.txt", b"second file")
        await opened.add()
        await opened.sync()
        yield opened


@dataclass(frozen=True, slots=True)
class _DyingSources(SourceRecords):
    """The process dies before the rows of a source are removed."""

    async def remove(self, source_id: str) -> None:
        raise Stopped(source_id)


@dataclass(frozen=True, slots=True)
class _DyingProjects(ProjectRecords):
    """The process dies before the row of a lost project is removed."""

    async def remove(self, project_id: str) -> None:
        raise Stopped(project_id)


async def test_a_removal_that_died_is_no_source_any_more_and_can_be_repeated(shop: RdmShop) -> None:
    dying = replace(shop.sources, records=_DyingSources(shop.database))
    with pytest.raises(Stopped):
        await dying.remove(LOCAL_OPERATOR, SOURCE)
    job = await shop.sync()
    assert job.error is not None
    assert job.error.code == "project_unknown"
    await shop.sources.remove(LOCAL_OPERATOR, SOURCE)
    assert await shop.projects.list_records() == []


async def test_what_a_removal_that_died_has_dropped_is_read_again(shop: RdmShop) -> None:
    dying = replace(shop.sources, records=_DyingSources(shop.database))
    with pytest.raises(Stopped):
        await dying.remove(LOCAL_OPERATOR, SOURCE)
    await shop.add()
    await shop.sync()
    assert await shop.indexed() == INDEXED


async def test_what_is_being_synced_is_not_touched_by_a_removal(shop: RdmShop) -> None:
    await shop.jobs.start(SOURCE, created_by="test")
    await shop.jobs.records.claim("worker")
    for _ in range(12):  # newer jobs do not hide the one that runs
        queued = await shop.jobs.start(SOURCE, created_by="test")
        await shop.jobs.cancel(queued.job_id)
    with pytest.raises(ProjectBusy):
        await shop.sources.remove(LOCAL_OPERATOR, SOURCE)
    assert await shop.indexed() == INDEXED


async def test_a_lost_project_is_read_again_also_where_its_loss_was_cut_off(shop: RdmShop) -> None:
    syncs = shop.jobs.syncs
    assert isinstance(syncs, Syncs)
    shop.world.add_node("comp1", parent="abc12")
    shop.world.put("comp1", "/c.txt", b"third file")
    await shop.sync()
    shop.world.add_user("u2sat", token="satos-token")
    shop.world.grant("u2sat", "abc12", "read")
    dying = replace(syncs.trees, projects=_DyingProjects(shop.database))
    top = await shop.projects.find(SOURCE)
    assert top is not None
    await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr("satos-token")))
    with pytest.raises(Stopped):
        await replace(syncs, trees=dying).run(SOURCE, _not_told)
    await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr(TOKEN)))
    await shop.sync()
    assert (await shop.indexed())["rdm-comp1"] == ["osfstorage/c.txt"]


async def test_no_token_is_kept_for_a_source_that_could_not_be_added(shop: RdmShop) -> None:
    shop.world.add_node("comp1", parent="abc12")
    await shop.sync()
    await shop.jobs.start(SOURCE, created_by="test")
    await shop.jobs.records.claim("worker")
    with pytest.raises(ProjectBusy):
        await shop.add(SourceOrder(location="rdm:comp1", token=SecretStr(TOKEN)))
    assert await shop.sources.links.find(source_subject("rdm-comp1"), "rdm") is None


async def _not_told(_: object) -> None:
    return
