"""Fetching files of a node: the listed version, or why not."""

from pathlib import Path

import pytest

from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnavailable,
    SourceFileUnreadable,
)
from tests.connectors.rdm.asking import opened_source
from tests.servers.rdm_faults import Fault, Refuse
from tests.servers.rdm_world import RdmWorld


async def test_fetched_is_what_was_listed_also_after_a_new_upload(
    world: RdmWorld, tmp_path: Path
) -> None:
    world.put("abc12", "/a.txt", b"first")
    async with opened_source(world) as (source, _):
        [file] = (await source.list_files()).files
        world.put("abc12", "/a.txt", b"second, and longer")
        assert (await source.fetch(file, tmp_path)).read_bytes() == b"first"


@pytest.mark.parametrize("provider", ["osfstorage", "s3", "googledrive", "nextcloud"])
async def test_files_of_every_kind_of_storage_are_fetched(
    world: RdmWorld, tmp_path: Path, provider: str
) -> None:
    if provider != "osfstorage":
        world.add_provider("abc12", provider)
    contents = {"100% #1 ?.txt": b"AZ91", "空.csv": b"", "実験/" + "長" * 84: b"415"}
    for name, content in contents.items():
        world.put("abc12", f"/{name}", content, provider=provider)
    async with opened_source(world) as (source, rdm):
        files = (await source.list_files()).files
        fetched = {
            file.path.removeprefix(f"{provider}/"): (
                await source.fetch(file, tmp_path)
            ).read_bytes()
            for file in files
        }
        assert rdm.leaks == []
    assert fetched == contents


async def test_a_file_whose_size_is_not_known_is_fetched(world: RdmWorld, tmp_path: Path) -> None:
    world.put("abc12", "/a.gdoc", b"AZ91")
    world.disguise("abc12", "/a.gdoc", size=None, sizeInt=None)
    async with opened_source(world) as (source, _):
        [file] = (await source.list_files()).files
        assert (file.size, (await source.fetch(file, tmp_path)).read_bytes()) == (0, b"AZ91")


async def test_what_is_over_the_limit_is_not_read(world: RdmWorld, tmp_path: Path) -> None:
    world.edit("abc12", description="とても長い説明")
    world.put("abc12", "/a.txt", b"too long")
    async with opened_source(world, limit=7) as (source, rdm):
        for file in (await source.list_files()).files:
            with pytest.raises(SourceFileTooLarge):
                await source.fetch(file, tmp_path)
        assert rdm.downloads == []


async def test_what_was_over_the_limit_is_another_version_once_the_limit_is_raised(
    world: RdmWorld,
) -> None:
    world.put("abc12", "/a.txt", b"too long")
    versions: list[str] = []
    for limit in (6, 7, 8):
        async with opened_source(world, limit=limit) as (source, _):
            [file] = (await source.list_files()).files
            versions.append(file.version)
    assert versions[0] == versions[1] != versions[2]


async def test_a_deleted_file_is_a_conflict_and_the_next_listing_is_without_it(
    world: RdmWorld, tmp_path: Path
) -> None:
    world.put("abc12", "/a.txt", b"AZ91")
    async with opened_source(world) as (source, _):
        [file] = (await source.list_files()).files
        world.delete("abc12", "/a.txt")
        with pytest.raises(SourceFileChanged):
            await source.fetch(file, tmp_path)
        assert (await source.list_files()).files == []


async def test_a_storage_that_fails_five_times_in_a_row_is_asked_no_more(
    world: RdmWorld, tmp_path: Path
) -> None:
    world.add_provider("abc12", "nextcloud")
    for number in range(8):
        world.put("abc12", f"/{number}.txt", b"", provider="nextcloud")
    world.put("abc12", "/a.txt", b"AZ91")
    async with opened_source(world) as (source, rdm):
        *failing, healthy = (await source.list_files()).files
        world.fail_provider("abc12", "nextcloud")
        for file in failing:
            with pytest.raises(SourceFileUnavailable):
                await source.fetch(file, tmp_path)
        assert (await source.fetch(healthy, tmp_path)).read_bytes() == b"AZ91"
        assert len(rdm.downloads) == 5 + 1


async def test_failures_that_do_not_follow_each_other_are_not_added_up(
    world: RdmWorld, tmp_path: Path
) -> None:
    for number in range(12):
        world.put("abc12", f"/{number:02}.txt", b"")
    async with opened_source(world) as (source, rdm):
        files = (await source.list_files()).files
        for number, file in enumerate(files):
            if number % 3 == 2:
                await source.fetch(file, tmp_path)
                continue
            rdm.faults.add(Fault(Refuse(503), host="files"))
            with pytest.raises(SourceFileUnavailable):
                await source.fetch(file, tmp_path)
        assert len(rdm.downloads) == 12


@pytest.mark.parametrize("path", ["evil", "", "/", "/folder/"])
async def test_a_handle_in_another_form_is_not_asked_for(
    world: RdmWorld, tmp_path: Path, path: str
) -> None:
    world.put("abc12", "/a.txt", b"")
    world.storage("abc12").disguise("/a.txt", {"path": path})
    async with opened_source(world) as (source, rdm):
        [file] = (await source.list_files()).files
        with pytest.raises(SourceFileUnreadable):
            await source.fetch(file, tmp_path)
        assert rdm.downloads == []


async def test_a_handle_that_leads_upwards_is_not_asked_for(
    world: RdmWorld, tmp_path: Path
) -> None:
    world.put("abc12", "/a.txt", b"")
    handle = "/../../xyz99/providers/osfstorage/secret"
    world.storage("abc12").disguise("/a.txt", {"path": handle})
    async with opened_source(world) as (source, rdm):
        [file] = (await source.list_files()).files
        with pytest.raises(SourceFileUnreadable):
            await source.fetch(file, tmp_path)
        assert rdm.downloads == []
