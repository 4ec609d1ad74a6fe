"""A project that rdmfs has mounted: as RDM itself gives it, and careful with what fails."""

from pathlib import Path

import pytest

from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnavailable,
    SourceMissing,
    SourceUnreadable,
)
from connectors.rdmfs import MountSource
from tests.connectors.rdm.asking import aokis_world, listed_files

PAGE = "https://rdm.example.jp/abc12/"


def _mounted(root: Path, *, limit: int = 1000) -> MountSource:
    return MountSource(
        project_id="rdm-abc12", title="鋼の疲労試験", root=root, max_file_bytes=limit, link=PAGE
    )


async def test_a_mount_has_the_ids_paths_and_versions_that_rdm_gives(tmp_path: Path) -> None:
    world = aokis_world()
    for name in ("メモ.txt", "実験/a.csv", "実験/.DS_Store"):
        world.put("abc12", f"/{name}", name.encode())
        copy = tmp_path / "osfstorage" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(name.encode())
    mounted = (await _mounted(tmp_path).list_files()).files
    asked = (await listed_files(world)).values()
    assert [(file.file_id, file.path, file.version, file.size) for file in mounted] == [
        (file.file_id, file.path, file.version, file.size) for file in asked
    ]


async def test_a_file_leads_to_the_page_of_its_project(tmp_path: Path) -> None:
    (tmp_path / "osfstorage").mkdir()
    (tmp_path / "osfstorage" / "a.txt").touch()
    [file] = (await _mounted(tmp_path).list_files()).files
    assert file.link == PAGE


async def test_a_fetched_file_is_the_listed_version(tmp_path: Path) -> None:
    (tmp_path / "osfstorage").mkdir()
    path = tmp_path / "osfstorage" / "a.txt"
    path.write_text("415℃", encoding="utf-8")
    source = _mounted(tmp_path)
    [file] = (await source.list_files()).files
    assert (await source.fetch(file, tmp_path)).read_text(encoding="utf-8") == "415℃"
    path.write_text("420℃", encoding="utf-8")
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, tmp_path)


async def test_what_is_over_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "osfstorage").mkdir()
    (tmp_path / "osfstorage" / "a.txt").write_text("AZ91")
    source = _mounted(tmp_path, limit=3)
    [file] = (await source.list_files()).files
    with pytest.raises(SourceFileTooLarge):
        await source.fetch(file, tmp_path)


async def test_a_folder_on_which_nothing_is_mounted_is_not_an_empty_project(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="nothing is mounted"):
        await _mounted(tmp_path).list_files()


async def test_a_project_without_files_has_at_least_a_storage(tmp_path: Path) -> None:
    (tmp_path / "osfstorage").mkdir()
    listing = await _mounted(tmp_path).list_files()
    assert (listing.files, listing.unlisted) == ([], [])


async def test_a_mount_point_that_is_gone_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        await _mounted(tmp_path / "gone").list_files()


async def test_a_storage_that_fails_is_named_and_hurts_no_other(plain_user_folder: Path) -> None:
    for provider in ("googledrive", "osfstorage"):
        (plain_user_folder / provider).mkdir()
        (plain_user_folder / provider / "a.txt").touch()
    (plain_user_folder / "googledrive").chmod(0)
    listing = await _mounted(plain_user_folder).list_files()
    assert [file.path for file in listing.files] == ["osfstorage/a.txt"]
    assert [part.prefix for part in listing.unlisted] == ["googledrive/"]


async def test_a_file_that_fails_is_tried_again_later(plain_user_folder: Path) -> None:
    (plain_user_folder / "osfstorage").mkdir(mode=0o700)
    (plain_user_folder / "osfstorage" / "a.txt").touch(mode=0)
    source = _mounted(plain_user_folder)
    [file] = (await source.list_files()).files
    with pytest.raises(SourceFileUnavailable):
        await source.fetch(file, plain_user_folder)
