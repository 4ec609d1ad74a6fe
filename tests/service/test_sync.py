"""The index becomes equal to RDM: completely, cheaply, whatever happens on the way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from rag.access import whole_project
from service.access.recorded import LOCAL_OPERATOR
from service.records.files import DatabaseIndexRecords
from service.records.models import RequestBudgetRow
from service.sources.order import SourceOrder
from tests.servers.rdm import serve_rdm
from tests.servers.rdm_faults import PROXY_PAGE, Fault, Refuse, Stall
from tests.servers.rdm_world import RdmWorld
from tests.service.rdm_shop import TOKEN, RdmShop, open_rdm_shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[RdmShop]:
    async with open_rdm_shop(tmp_path) as opened:
        opened.world.put("abc12", "/実験/メモ.txt", "溶体化処理は415 ℃".encode())
        opened.world.put("abc12", "/b.txt", b"second file")
        await opened.add()
        yield opened


async def test_a_first_sync_indexes_the_project_and_its_components(shop: RdmShop) -> None:
    shop.world.add_node("comp1", title="鋼", parent="abc12")
    shop.world.put("comp1", "/c.txt", b"third file")
    job = await shop.sync()
    assert (job.status, job.error) == ("done", None)
    assert await shop.indexed() == {
        "rdm-abc12": ["osfstorage/b.txt", "osfstorage/実験/メモ.txt"],
        "rdm-comp1": ["osfstorage/c.txt"],
    }
    assert job.report is not None
    assert (job.report.seen, job.report.done, job.report.stage) == (3, 3, "done")


async def test_an_unchanged_project_costs_its_tree_and_its_newest_log(shop: RdmShop) -> None:
    await shop.sync()
    job = await shop.sync()
    assert shop.asked == ["nodes/", "nodes/abc12/logs/"]
    assert (shop.downloads, shop.rdm.calls_to("files"), shop.embedder.embedded) == ([], [], 0)
    assert job.report is not None
    assert (job.report.seen, job.report.unchanged, job.report.done) == (2, 2, 0)


async def test_a_changed_file_is_read_and_the_others_are_not(shop: RdmShop) -> None:
    await shop.sync()
    shop.world.put("abc12", "/b.txt", b"changed")
    job = await shop.sync()
    assert (len(shop.downloads), shop.parser.read) == (1, ["b.txt"])
    assert job.report is not None
    assert (job.report.done, job.report.unchanged) == (1, 1)


async def test_a_moved_file_is_neither_read_nor_embedded_again(shop: RdmShop) -> None:
    await shop.sync()
    shop.world.move("abc12", "/b.txt", "/実験/renamed.txt")
    job = await shop.sync()
    assert (list(shop.downloads), shop.embedder.embedded) == ([], 0)
    assert await shop.indexed() == {
        "rdm-abc12": ["osfstorage/実験/renamed.txt", "osfstorage/実験/メモ.txt"]
    }
    assert job.report is not None
    assert job.report.moved == 1


async def test_a_deleted_file_leaves_the_index(shop: RdmShop) -> None:
    await shop.sync()
    shop.world.delete("abc12", "/b.txt")
    await shop.sync()
    assert await shop.indexed() == {"rdm-abc12": ["osfstorage/実験/メモ.txt"]}


async def test_the_files_of_a_lost_provider_leave_the_index(shop: RdmShop) -> None:
    shop.world.add_provider("abc12", "googledrive")
    shop.world.put("abc12", "/d.txt", b"drive", provider="googledrive")
    await shop.sync()
    assert "googledrive/d.txt" in (await shop.indexed())["rdm-abc12"]
    shop.world.remove_provider("abc12", "googledrive")
    await shop.sync()
    assert "googledrive/d.txt" not in (await shop.indexed())["rdm-abc12"]


async def test_a_provider_that_fails_keeps_its_last_state_marked_stale(shop: RdmShop) -> None:
    shop.world.add_provider("abc12", "googledrive")
    shop.world.put("abc12", "/d.txt", b"drive", provider="googledrive")
    await shop.sync()
    shop.world.fail_provider("abc12", "googledrive")
    shop.world.put("abc12", "/b.txt", b"changed")
    job = await shop.sync()
    assert "googledrive/d.txt" in (await shop.indexed())["rdm-abc12"]
    assert job.report is not None
    assert job.status == "done"
    assert [part.path for part in job.report.stale] == ["googledrive/"]


async def test_what_was_stale_is_looked_for_again_though_no_log_tells_of_it(shop: RdmShop) -> None:
    shop.world.add_provider("abc12", "googledrive")
    shop.world.fail_provider("abc12", "googledrive")
    shop.world.put("abc12", "/d.txt", b"drive", provider="googledrive")
    await shop.sync()
    shop.world.fail_provider("abc12", "googledrive", status=None)
    job = await shop.sync()
    assert "googledrive/d.txt" in (await shop.indexed())["rdm-abc12"]
    assert job.report is not None
    assert job.report.stale == []


async def test_a_component_made_private_to_others_is_dropped_with_its_passages(
    shop: RdmShop,
) -> None:
    shop.world.add_user("u2sat")
    shop.world.add_node("other", title="別の研究", parent="abc12", is_public=True)
    shop.world.put("other", "/c.txt", b"third file")
    shop.world.grant("u1aok", "abc12", "read")
    await shop.sync()
    assert "rdm-other" in await shop.indexed()
    shop.world.set_public("other", is_public=False)
    await shop.sync()
    assert "rdm-other" not in await shop.indexed()
    assert await shop.store.count(access=whole_project("rdm-other")) == 0


async def test_of_a_deleted_project_nothing_is_left_but_that_it_was_a_source(
    shop: RdmShop,
) -> None:
    shop.world.add_node("comp1", parent="abc12")
    await shop.sync()
    shop.world.remove_node("abc12")
    job = await shop.sync()
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "rdm_gone")
    assert await shop.indexed() == {"rdm-abc12": []}
    assert [record.gone for record in await shop.projects.list_records()] == [True]


async def test_a_project_that_comes_back_is_indexed_again(shop: RdmShop) -> None:
    await shop.sync()
    shop.world.revoke("u1aok", "abc12")
    assert (await shop.sync()).error is not None
    assert await shop.indexed() == {"rdm-abc12": []}
    shop.world.grant("u1aok", "abc12", "read")
    assert (await shop.sync()).error is None
    assert len((await shop.indexed())["rdm-abc12"]) == 2
    assert [record.gone for record in await shop.projects.list_records()] == [False]


async def test_a_refused_token_drops_nothing(shop: RdmShop) -> None:
    await shop.sync()
    before = await shop.indexed()
    shop.world.refuse_token(TOKEN)
    job = await shop.sync()
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "rdm_token_refused")
    assert await shop.indexed() == before


@pytest.mark.parametrize("body", [None, PROXY_PAGE])
@pytest.mark.parametrize("status", [500, 503])
async def test_while_rdm_is_down_everything_is_kept(
    shop: RdmShop, status: int, body: bytes | None
) -> None:
    await shop.sync()
    before = await shop.indexed()
    shop.rdm.faults.add(Fault(Refuse(status, body=body), times=None))
    job = await shop.sync()
    assert job.error is not None
    assert (job.status, job.error.kind) == ("failed", "unavailable")
    assert await shop.indexed() == before


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_proxys_page_is_no_deleted_project(shop: RdmShop, status: int) -> None:
    await shop.sync()
    before = await shop.indexed()
    shop.rdm.faults.add(Fault(Refuse(status, body=PROXY_PAGE), times=None))
    job = await shop.sync()
    assert job.error is not None
    assert job.error.code == "rdm_unavailable"
    assert await shop.indexed() == before


async def test_a_component_that_cannot_be_had_does_not_hold_up_the_others(shop: RdmShop) -> None:
    for node in ("comp1", "comp2"):
        shop.world.add_node(node, parent="abc12")
        shop.world.put(node, "/c.txt", node.encode())
    shop.rdm.faults.add(Fault(Refuse(503), host="api", path=r"/comp1/files/", times=None))
    job = await shop.sync()
    assert (await shop.indexed())["rdm-comp2"] == ["osfstorage/c.txt"]
    assert job.report is not None
    assert [(part.path, part.code) for part in job.report.stale] == [
        ("rdm-comp1/", "rdm_unavailable")
    ]
    shop.rdm.faults.clear()
    await shop.sync()
    assert (await shop.indexed())["rdm-comp1"] == ["osfstorage/c.txt"]


async def test_an_instance_that_goes_away_midway_is_not_asked_project_by_project(
    shop: RdmShop,
) -> None:
    for number in range(6):
        shop.world.add_node(f"comp{number}", parent="abc12")
    await shop.sync()
    before = await shop.indexed()
    shop.rdm.faults.add(Fault(Refuse(503), host="api", path=r"/logs/", times=None))
    job = await shop.sync()
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "rdm_unavailable")
    assert len({path for path in shop.asked if path.endswith("/logs/")}) == 3
    assert await shop.indexed() == before


async def test_a_project_without_any_file_is_synced_too(shop: RdmShop) -> None:
    shop.world.add_node("empty", parent="abc12")
    shop.world.grant("u1aok", "empty")
    await shop.sync()
    assert (await shop.indexed())["rdm-empty"] == []
    await shop.sync()
    assert shop.asked == ["nodes/", "nodes/abc12/logs/", "nodes/empty/logs/"]


async def test_a_hit_can_be_traced_to_its_page(shop: RdmShop) -> None:
    await shop.sync()
    records = await DatabaseIndexRecords(shop.database, "docs").load("rdm-abc12")
    [link] = [each.link for each in records.values() if each.path == "osfstorage/b.txt"]
    assert link is not None
    assert link.startswith(f"{shop.rdm.web_url}abc12/files/osfstorage/")
    assert {each.source_version for each in records.values()} == {"1"}


async def test_a_cancelled_sync_goes_on_with_the_next_one(shop: RdmShop) -> None:
    shop.rdm.faults.add(Fault(Stall(), host="files", path=r"osfstorage/[^/]+$", skip=1))
    job = await shop.jobs.start("rdm-abc12", created_by="test")
    running = asyncio.create_task(shop.jobs.run(job.job_id))
    async with asyncio.timeout(20), aclosing(shop.jobs.watch(job.job_id)) as changes:
        async for news in changes:
            if news.report is not None and news.report.done == 1:
                break
    await shop.another_process().cancel(job.job_id)
    await running
    assert (await shop.jobs.find(job.job_id)).status == "cancelled"
    again = await shop.sync()
    assert (again.status, len(shop.downloads)) == ("done", 1)
    assert len((await shop.indexed())["rdm-abc12"]) == 2


async def test_two_processes_never_sync_a_source_at_once(shop: RdmShop) -> None:
    first = await shop.jobs.start("rdm-abc12", created_by="test")
    other = shop.another_process()
    async with shop.jobs.working(), other.working():
        second = await other.start("rdm-abc12", created_by="test")
        [_ async for _ in shop.jobs.watch(first.job_id)]
        [_ async for _ in shop.jobs.watch(second.job_id)]
    assert len(shop.downloads) == 2
    assert len((await shop.indexed())["rdm-abc12"]) == 2


async def test_a_sync_that_died_between_two_projects_goes_on_after_the_first(
    shop: RdmShop,
) -> None:
    shop.world.add_node("comp1", parent="abc12")
    shop.world.put("comp1", "/c.txt", b"third file")
    shop.embedder.down_after = 2
    assert (await shop.sync()).status == "failed"
    shop.embedder.down_after = float("inf")
    await shop.sync()
    assert [call.path.split("/")[3] for call in shop.downloads] == ["comp1"]
    assert len(await shop.indexed()) == 2


async def test_a_component_that_is_a_source_of_its_own_is_left_to_it(shop: RdmShop) -> None:
    shop.world.add_node("comp1", parent="abc12")
    shop.world.add_node("deep1", parent="comp1")
    await shop.sync()
    await shop.add(SourceOrder(location="rdm:comp1"))
    await shop.sync("rdm-comp1")
    await shop.sync()
    of_source = {each.project_id: each.source_id for each in await shop.projects.list_records()}
    assert of_source == {
        "rdm-abc12": "rdm-abc12",
        "rdm-comp1": "rdm-comp1",
        "rdm-deep1": "rdm-comp1",
    }
    assert "nodes/deep1/logs/" not in shop.asked


async def test_registrations_are_indexed_on_request(shop: RdmShop) -> None:
    shop.world.add_registration("reg01", of="abc12")
    await shop.sync()
    assert "rdm-reg01" not in await shop.indexed()
    await shop.add(SourceOrder(location="rdm:abc12", with_registrations=True))
    await shop.sync()
    assert len((await shop.indexed())["rdm-reg01"]) == 2


async def test_what_changed_without_a_log_is_found_when_logs_are_no_longer_trusted(
    shop: RdmShop,
) -> None:
    await shop.sync()
    shop.world.put("abc12", "/b.txt", b"changed behind RDM's back", is_logged=False)
    await shop.sync()
    assert shop.parser.read == []
    [project] = await shop.projects.list_records()
    long_ago = datetime.now(UTC) - timedelta(days=2)
    await shop.projects.mark_listed("rdm-abc12", log_mark=project.log_mark, listed_at=long_ago)
    await shop.sync()
    assert shop.parser.read == ["b.txt"]


async def test_a_store_that_was_emptied_is_filled_again_though_no_log_tells_of_it(
    shop: RdmShop,
) -> None:
    await shop.sync()
    await shop.store.delete_project("rdm-abc12")
    await shop.sync()
    assert len((await shop.indexed())["rdm-abc12"]) == 2


async def test_titles_and_what_everybody_may_read_follow_rdm(shop: RdmShop) -> None:
    await shop.sync()
    shop.world.edit("abc12", title="新しい\n題名")
    shop.world.set_public("abc12", is_public=True)
    await shop.sync()
    [project] = await shop.projects.list_records()
    assert (project.title, project.is_public) == ("新しい 題名", True)


async def test_the_day_ends_when_its_requests_are_used_up_and_all_is_kept(shop: RdmShop) -> None:
    await shop.sync()
    before = await shop.indexed()
    async with shop.database.write() as session:
        await session.execute(update(RequestBudgetRow).values(used=1_000_000))
    shop.rdm.calls.clear()
    while (job := await shop.sync()).error is None:  # what was reserved before may be used up
        pass
    assert job.error.code == "rdm_budget_spent"
    assert await shop.indexed() == before


async def test_a_folder_is_synced_like_any_source(shop: RdmShop, tmp_path: Path) -> None:
    folder = tmp_path / "alloy"
    folder.mkdir()
    (folder / "a.txt").write_text("solution treatment", encoding="utf-8")
    project = await shop.add(SourceOrder(location=str(folder)))
    assert (await shop.sync(project.project_id)).status == "done"
    assert (await shop.indexed())["alloy"] == ["a.txt"]


async def test_a_folder_that_became_a_link_is_not_followed(shop: RdmShop, tmp_path: Path) -> None:
    (tmp_path / "alloy").mkdir()
    await shop.add(SourceOrder(location=str(tmp_path / "alloy")))
    (tmp_path / "alloy").rename(tmp_path / "elsewhere")
    (tmp_path / "alloy").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    job = await shop.sync("alloy")
    assert job.error is not None
    assert job.error.code == "source_missing"


async def test_a_mounted_project_gives_the_ids_that_its_api_gives(
    shop: RdmShop, tmp_path: Path
) -> None:
    await shop.sync()
    files = DatabaseIndexRecords(shop.database, "docs")
    by_api = {(each.file_id, each.version) for each in (await files.load("rdm-abc12")).values()}
    await shop.sources.remove(LOCAL_OPERATOR, "rdm-abc12")
    mount = tmp_path / "mnt" / "osfstorage" / "実験"
    mount.mkdir(parents=True)
    (mount / "メモ.txt").write_text("溶体化処理は415 ℃", encoding="utf-8")
    (mount.parent / "b.txt").write_bytes(b"second file")
    await shop.add(SourceOrder(location=f"rdmfs:{tmp_path / 'mnt'}", project_id="rdm-abc12"))
    await shop.sync()
    by_mount = {(each.file_id, each.version) for each in (await files.load("rdm-abc12")).values()}
    assert by_mount == by_api
    assert shop.rdm.calls == []


async def test_a_token_that_is_no_longer_set_takes_nothing_away(tmp_path: Path) -> None:
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token=TOKEN)
    world.add_node("abc12", title="金属")
    world.grant("u1aok", "abc12", "read")
    world.put("abc12", "/a.txt", b"text")
    async with serve_rdm(world) as rdm:
        async with open_shop(rdm, rdm.settings_of(TOKEN), tmp_path) as shop:
            await shop.add()
            await shop.sync()
        async with open_shop(rdm, rdm.settings, tmp_path) as shop:
            job = await shop.sync()
            assert job.error is not None
            assert job.error.code == "source_token_missing"
            assert await shop.indexed() == {"rdm-abc12": ["osfstorage/a.txt"]}
