"""Folders become projects: only where the operator allows, each under an id of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.principal import Principal
from contracts.problems import InvalidRequest, NotAllowed
from rag.models import ProjectId
from rag.problems import ProjectUnknown
from service.access import LOCAL_OPERATOR
from service.folders import Folders, id_from_name, id_from_path
from service.problems import FolderMissing, FolderRefused, ProjectBusy, ProjectExists
from service.records.database import open_database
from service.records.jobs import JobRecords
from service.records.projects import ProjectRecords
from tests.rag.indexing import open_store

ADMIN = Principal(id="admin", name="", scopes=frozenset({"admin"}), key_id="0123456789ab")
READER = ADMIN.model_copy(update={"scopes": frozenset({"read", "index"})})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    return allowed


@pytest.fixture
async def folders(tmp_path: Path, root: Path) -> AsyncGenerator[Folders]:
    store = await open_store(tmp_path / "store")
    async with open_database(f"sqlite:///{tmp_path / 'records.db'}") as database:
        yield Folders(
            projects=ProjectRecords(database), jobs=JobRecords(database), store=store, roots=[root]
        )
    await store.close()


def _made(parent: Path, name: str) -> str:
    folder = parent / name
    folder.mkdir(parents=True)
    return str(folder)


async def test_a_folder_gives_its_project_an_id_and_a_title(folders: Folders, root: Path) -> None:
    added = await folders.add(ADMIN, _made(root, "Ti-6Al-4V 2025"))
    assert (added.project_id, added.title) == ("Ti-6Al-4V-2025", "Ti-6Al-4V 2025")
    assert (added.location, added.created_by) == (str(root / "Ti-6Al-4V 2025"), "admin")


async def test_a_japanese_name_gives_a_title_and_an_id_from_its_path(
    folders: Folders, root: Path
) -> None:
    one = await folders.add(ADMIN, _made(root, "マグネシウム合金"))
    other = await folders.add(ADMIN, _made(root / "別", "マグネシウム合金"))
    assert one.title == other.title == "マグネシウム合金"
    assert one.project_id.startswith("project-")
    assert one.project_id != other.project_id


async def test_folders_of_the_same_name_are_different_projects(
    folders: Folders, root: Path
) -> None:
    one = await folders.add(ADMIN, _made(root / "2024", "alloy"))
    other = await folders.add(ADMIN, _made(root / "2025", "alloy"))
    assert one.project_id == "alloy"
    assert other.project_id.startswith("alloy-")


async def test_a_folder_that_is_a_project_already_only_gets_a_new_title(
    folders: Folders, root: Path
) -> None:
    path = _made(root, "alloy")
    first = await folders.add(ADMIN, path, project_id="mg")
    renamed = await folders.add(ADMIN, f"{path}/../alloy/", title="合金")
    untouched = await folders.add(ADMIN, path)
    assert {first.project_id, renamed.project_id, untouched.project_id} == {"mg"}
    assert [known.title for known in await folders.projects.list_known()] == ["合金"]


async def test_an_id_that_is_taken_is_refused(folders: Folders, root: Path) -> None:
    await folders.add(ADMIN, _made(root, "one"), project_id="alloy")
    with pytest.raises(ProjectExists):
        await folders.add(ADMIN, _made(root, "two"), project_id="alloy")


@pytest.mark.parametrize("project_id", ["", "../x", "-x", "合金", "a b", "a" * 129, "a\n"])
async def test_what_is_no_id_is_refused(folders: Folders, root: Path, project_id: str) -> None:
    with pytest.raises(InvalidRequest, match="project_id"):
        await folders.add(ADMIN, _made(root, "one"), project_id=project_id)


async def test_outside_of_the_allowed_folders_all_paths_look_alike(
    folders: Folders, root: Path, tmp_path: Path
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
            await folders.add(ADMIN, path)
        assert caught.value.body() == FolderRefused().body(), path


async def test_without_allowed_folders_an_admin_adds_none(folders: Folders, root: Path) -> None:
    closed = Folders(projects=folders.projects, jobs=folders.jobs, store=folders.store, roots=[])
    with pytest.raises(FolderRefused):
        await closed.add(ADMIN, _made(root, "alloy"))


async def test_the_local_operator_may_add_any_folder(folders: Folders, tmp_path: Path) -> None:
    added = await folders.add(LOCAL_OPERATOR, _made(tmp_path, "elsewhere"))
    assert added.project_id == "elsewhere"


@pytest.mark.parametrize("name", ["none", "file.txt", "loop", "~nobody-here/x", "a\0b"])
async def test_what_is_no_folder_is_told(folders: Folders, root: Path, name: str) -> None:
    (root / "file.txt").touch()
    (root / "loop").symlink_to(root / "loop")
    path = name if name.startswith("~") else f"{root}/{name}"
    with pytest.raises(FolderMissing):
        await folders.add(LOCAL_OPERATOR, path)


async def test_without_the_scope_admin_nothing_is_added_or_removed(
    folders: Folders, root: Path
) -> None:
    path = _made(root, "alloy")
    await folders.add(ADMIN, path)
    with pytest.raises(NotAllowed):
        await folders.add(READER, path)
    with pytest.raises(NotAllowed):
        await folders.remove(READER, "alloy")
    with pytest.raises(NotAllowed):
        await folders.remove(READER, "nowhere")


async def test_a_project_that_is_being_indexed_stays(folders: Folders, root: Path) -> None:
    await folders.add(ADMIN, _made(root, "alloy"))
    job = await folders.jobs.enqueue("alloy", created_by="me")
    await folders.jobs.claim("worker")
    with pytest.raises(ProjectBusy):
        await folders.remove(ADMIN, "alloy")
    await folders.jobs.finish(job.job_id, "worker", report=None, error=None)
    await folders.remove(ADMIN, "alloy")
    assert await folders.projects.find("alloy") is None


async def test_an_unknown_project_cannot_be_removed(folders: Folders) -> None:
    with pytest.raises(ProjectUnknown):
        await folders.remove(ADMIN, "nowhere")


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_every_name_gives_a_proper_id(name: str) -> None:
    folder = Path("/data") / name
    for made in (id_from_name(folder), id_from_path(folder)):
        assert TypeAdapter[str](ProjectId).validate_python(made) == made
