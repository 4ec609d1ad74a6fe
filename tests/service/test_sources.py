"""What becomes a source: only where the operator allows, each under an id of its own."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.principal import Principal
from contracts.problems import InvalidRequest, NotAllowed, Problem
from rag.access import whole_project
from rag.problems import ProjectUnknown
from service.access.recorded import LOCAL_OPERATOR
from service.access.token_vault import TokenVault
from service.problems import (
    FolderMissing,
    FolderRefused,
    ProjectBusy,
    ProjectExists,
    TokenKeysMissing,
)
from service.records.links import source_subject
from service.records.projects import ProjectRecord
from service.sources.order import SourceOrder
from service.sources.registry import Sources
from tests.servers.rdm_faults import Fault, Refuse
from tests.service.rdm_shop import TOKEN, RdmShop, open_rdm_shop

ADMIN = Principal(id="admin", name="", scopes=frozenset({"admin"}), key_id="0123456789ab")
READER = ADMIN.model_copy(update={"scopes": frozenset({"read", "index"})})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    return allowed


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[RdmShop]:
    async with open_rdm_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
def sources(shop: RdmShop, root: Path) -> Sources:
    return replace(shop.sources, roots=[root])


def _made(parent: Path, name: str) -> str:
    folder = parent / name
    folder.mkdir(parents=True)
    return str(folder)


async def _added(
    sources: Sources,
    principal: Principal,
    location: str,
    *,
    project_id: str | None = None,
    title: str | None = None,
) -> ProjectRecord:
    order = SourceOrder(location=location, project_id=project_id, title=title)
    return await sources.add(principal, order)


async def test_a_folder_gives_its_project_an_id_and_a_title(sources: Sources, root: Path) -> None:
    added = await _added(sources, ADMIN, _made(root, "Ti-6Al-4V 2025"))
    assert (added.project_id, added.title) == ("Ti-6Al-4V-2025", "Ti-6Al-4V 2025")
    assert (added.location, added.created_by) == (str(root / "Ti-6Al-4V 2025"), "admin")


async def test_a_japanese_name_gives_a_title_and_an_id_from_its_path(
    sources: Sources, root: Path
) -> None:
    one = await _added(sources, ADMIN, _made(root, "マグネシウム合金"))
    other = await _added(sources, ADMIN, _made(root / "別", "マグネシウム合金"))
    assert one.title == other.title == "マグネシウム合金"
    assert one.project_id.startswith("project-")
    assert one.project_id != other.project_id


async def test_folders_of_the_same_name_are_different_projects(
    sources: Sources, root: Path
) -> None:
    one = await _added(sources, ADMIN, _made(root / "2024", "alloy"))
    other = await _added(sources, ADMIN, _made(root / "2025", "alloy"))
    assert one.project_id == "alloy"
    assert other.project_id.startswith("alloy-")


async def test_a_folder_that_is_a_project_already_only_gets_a_new_title(
    sources: Sources, root: Path
) -> None:
    path = _made(root, "alloy")
    first = await _added(sources, ADMIN, path, project_id="mg")
    renamed = await _added(sources, ADMIN, f"{path}/../alloy/", title="合金")
    untouched = await _added(sources, ADMIN, path)
    assert {first.project_id, renamed.project_id, untouched.project_id} == {"mg"}
    assert [known.title for known in await sources.projects.list_records()] == ["合金"]


async def test_an_id_that_is_taken_is_refused(sources: Sources, root: Path) -> None:
    await _added(sources, ADMIN, _made(root, "one"), project_id="alloy")
    with pytest.raises(ProjectExists):
        await _added(sources, ADMIN, _made(root, "two"), project_id="alloy")


@pytest.mark.parametrize("project_id", ["", "../x", "-x", "合金", "a b", "a" * 129, "a\n"])
async def test_what_is_no_id_is_refused(sources: Sources, root: Path, project_id: str) -> None:
    with pytest.raises(InvalidRequest, match="project_id"):
        await _added(sources, ADMIN, _made(root, "one"), project_id=project_id)


async def test_outside_of_the_allowed_folders_all_paths_look_alike(
    sources: Sources, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (root / "exit").symlink_to(tmp_path)
    there = _made(tmp_path, "secret")
    for path in (
        *(there, str(tmp_path / "none"), "/etc/passwd", "/", "", "relative", "~nobody-here/x"),
        *(f"{root}/../secret", f"{root}/exit/secret", f"{root}-beside", str(tmp_path / "loop")),
        "a\0b",
    ):
        with pytest.raises(FolderRefused) as caught:
            await _added(sources, ADMIN, path)
        assert caught.value.body() == FolderRefused().body(), path


async def test_without_allowed_folders_an_admin_adds_none(sources: Sources, root: Path) -> None:
    closed = replace(sources, roots=[])
    with pytest.raises(FolderRefused):
        await _added(closed, ADMIN, _made(root, "alloy"))


async def test_the_local_operator_may_add_any_folder(sources: Sources, tmp_path: Path) -> None:
    added = await _added(sources, LOCAL_OPERATOR, _made(tmp_path, "elsewhere"))
    assert added.project_id == "elsewhere"


@pytest.mark.parametrize("name", ["none", "file.txt", "loop", "~nobody-here/x", "a\0b"])
async def test_what_is_no_folder_is_told(sources: Sources, root: Path, name: str) -> None:
    (root / "file.txt").touch()
    (root / "loop").symlink_to(root / "loop")
    path = name if name.startswith("~") else f"{root}/{name}"
    with pytest.raises(FolderMissing):
        await _added(sources, LOCAL_OPERATOR, path)


async def test_without_the_scope_admin_nothing_is_added_or_removed(
    sources: Sources, root: Path
) -> None:
    path = _made(root, "alloy")
    await _added(sources, ADMIN, path)
    with pytest.raises(NotAllowed):
        await _added(sources, READER, path)
    with pytest.raises(NotAllowed):
        await sources.remove(READER, "alloy")
    with pytest.raises(NotAllowed):
        await sources.remove(READER, "nowhere")


async def test_a_project_that_is_being_indexed_stays(sources: Sources, root: Path) -> None:
    await _added(sources, ADMIN, _made(root, "alloy"))
    job = await sources.jobs.enqueue("alloy", created_by="me")
    await sources.jobs.claim("worker")
    with pytest.raises(ProjectBusy):
        await sources.remove(ADMIN, "alloy")
    await sources.jobs.finish(job.job_id, "worker", report=None, error=None)
    await sources.remove(ADMIN, "alloy")
    assert await sources.projects.find("alloy") is None


async def test_an_unknown_project_cannot_be_removed(sources: Sources) -> None:
    with pytest.raises(ProjectUnknown):
        await sources.remove(ADMIN, "nowhere")


@pytest.mark.parametrize("project_id", ["rdm-abc12", "osf-abc12"])
async def test_a_folder_does_not_take_the_id_of_a_node(
    sources: Sources, root: Path, project_id: str
) -> None:
    with pytest.raises(InvalidRequest, match="project_id"):
        await _added(sources, ADMIN, _made(root, "one"), project_id=project_id)
    added = await _added(sources, ADMIN, _made(root, project_id))
    assert added.project_id.startswith(f"{project_id}-")


async def test_a_node_becomes_a_source_as_rdm_shows_it(shop: RdmShop) -> None:
    added = await shop.add()
    assert (added.project_id, added.title, added.location) == ("rdm-abc12", "金属", "rdm:abc12")
    assert (added.instance, added.node, added.link) == ("rdm", "abc12", f"{shop.rdm.web_url}abc12/")
    assert await shop.projects.find("rdm-abc12") == added


async def test_adding_a_source_again_keeps_its_schedule(shop: RdmShop) -> None:
    await shop.add(SourceOrder(location="rdm:abc12", sync_every_s=3600, with_registrations=True))
    await shop.add(SourceOrder(location="rdm:abc12"))
    source = await shop.sources.records.find("rdm-abc12")
    assert source is not None
    assert (source.sync_every_s, source.with_registrations) == (3600, True)


@pytest.mark.parametrize(
    ("location", "code"),
    [("rdm:nope1", "rdm_gone"), ("rdm:priv1", "rdm_forbidden"), ("rdm:a b", "invalid_request")],
)
async def test_what_rdm_does_not_show_is_no_source(shop: RdmShop, location: str, code: str) -> None:
    shop.world.add_node("priv1")
    with pytest.raises(Problem) as caught:
        await shop.add(SourceOrder(location=location))
    assert caught.value.code == code
    assert await shop.projects.list_records() == []


async def test_while_rdm_is_down_nothing_is_added(shop: RdmShop) -> None:
    shop.rdm.faults.add(Fault(Refuse(503), times=None))
    with pytest.raises(Problem) as caught:
        await shop.add()
    assert caught.value.kind == "unavailable"
    assert await shop.projects.list_records() == []


async def test_a_source_is_read_with_its_own_token(shop: RdmShop) -> None:
    shop.world.add_user("u2sat", token="satos-token")
    shop.world.grant("u2sat", "abc12", "read")
    await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr("satos-token")))
    await shop.sync()
    assert {call.token for call in shop.rdm.calls} == {"satos-token"}
    assert await shop.sources.requests_today("rdm-abc12")


async def test_a_source_of_another_kind_sends_no_requests(sources: Sources, root: Path) -> None:
    added = await _added(sources, ADMIN, _made(root, "alloy"))
    assert await sources.requests_today(added.project_id) is None
    assert await sources.requests_today("nowhere") is None


async def test_what_a_token_has_used_is_not_known_where_it_cannot_be_opened(
    shop: RdmShop,
) -> None:
    await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr(TOKEN)))
    links = replace(shop.sources.links, vault=TokenVault([b"x" * 32]))
    sessions = replace(shop.sources.sessions, links=links)
    assert await replace(shop.sources, sessions=sessions).requests_today("rdm-abc12") is None


async def test_a_token_that_cannot_be_sealed_is_not_taken(shop: RdmShop) -> None:
    sources = replace(shop.sources, links=replace(shop.sources.links, vault=TokenVault()))
    with pytest.raises(TokenKeysMissing):
        await sources.add(LOCAL_OPERATOR, SourceOrder(location="rdm:abc12", token=SecretStr(TOKEN)))
    assert await shop.projects.list_records() == []


async def test_the_title_of_a_node_is_rdms(shop: RdmShop) -> None:
    with pytest.raises(InvalidRequest, match="title"):
        await shop.add(SourceOrder(location="rdm:abc12", title="別の名前"))


async def test_a_token_that_is_refused_is_not_kept(shop: RdmShop) -> None:
    with pytest.raises(Problem) as caught:
        await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr("wrong")))
    assert caught.value.code == "rdm_token_refused"
    assert await shop.sources.links.find(source_subject("rdm-abc12"), "rdm") is None


async def test_a_folder_has_no_options_of_rdm(sources: Sources, root: Path) -> None:
    order = SourceOrder(location=_made(root, "alloy"))
    for options in (
        replace(order, token=SecretStr(TOKEN)),
        replace(order, with_registrations=True),
    ):
        with pytest.raises(InvalidRequest):
            await sources.add(ADMIN, options)


async def test_a_mount_names_its_node_or_has_that_of_the_environment(
    sources: Sources, root: Path
) -> None:
    path = f"rdmfs:{_made(root, 'mnt')}"
    with pytest.raises(InvalidRequest, match="project_id"):
        await _added(sources, ADMIN, path)
    named = await _added(sources, ADMIN, path, project_id="rdm-abc12")
    around = await _added(replace(sources, mounted_node="abc12"), ADMIN, path)
    assert (named.project_id, named.kind) == ("rdm-abc12", "rdmfs")
    assert around.project_id == "rdm-abc12"


async def test_a_node_is_read_by_its_api_or_by_a_mount_not_both(
    shop: RdmShop, tmp_path: Path
) -> None:
    await shop.add()
    with pytest.raises(ProjectExists):
        await shop.add(SourceOrder(location=f"rdmfs:{tmp_path}", project_id="rdm-abc12"))


async def test_with_a_source_goes_all_that_came_with_it(shop: RdmShop) -> None:
    shop.world.add_node("comp1", parent="abc12")
    shop.world.put("comp1", "/c.txt", b"third file")
    await shop.add(SourceOrder(location="rdm:abc12", token=SecretStr(TOKEN)))
    await shop.sync()
    await shop.sources.remove(LOCAL_OPERATOR, "rdm-abc12")
    assert await shop.projects.list_records() == []
    assert await shop.sources.links.find(source_subject("rdm-abc12"), "rdm") is None
    assert await shop.store.count(access=whole_project("rdm-comp1")) == 0


async def test_a_component_is_no_source_that_could_be_removed(shop: RdmShop) -> None:
    shop.world.add_node("comp1", parent="abc12")
    await shop.add()
    await shop.sync()
    with pytest.raises(ProjectUnknown):
        await shop.sources.remove(LOCAL_OPERATOR, "rdm-comp1")


async def test_a_component_of_a_source_that_is_being_synced_is_not_taken_from_it(
    shop: RdmShop,
) -> None:
    shop.world.add_node("comp1", parent="abc12")
    await shop.add()
    await shop.sync()
    await shop.jobs.start("rdm-abc12", created_by="test")
    await shop.jobs.records.claim("worker")
    with pytest.raises(ProjectBusy):
        await shop.add(SourceOrder(location="rdm:comp1"))
