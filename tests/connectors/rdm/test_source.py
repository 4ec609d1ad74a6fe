"""One node of RDM as a project: its files, wiki and metadata, whatever its storages do."""

import hashlib
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.folder import FolderSource
from connectors.rdm.problems import RdmGone, RdmTokenRefused, RdmUnavailable
from tests.connectors.rdm.asking import AOKI, listed_files, opened_source
from tests.servers.rdm_faults import PROXY_PAGE, CutOff, Fault, Refuse, Replace
from tests.servers.rdm_storage import Style
from tests.servers.rdm_world import RdmWorld

# Files


async def test_files_of_all_storages_and_folders_are_listed_by_path(world: RdmWorld) -> None:
    world.add_provider("abc12", "googledrive")
    world.put("abc12", "/実験/図/a.csv", b"1")
    world.put("abc12", "/b.txt", b"2")
    world.put("abc12", "/c.txt", b"3", provider="googledrive")
    paths = list(await listed_files(world))
    assert paths == ["googledrive/c.txt", "osfstorage/b.txt", "osfstorage/実験/図/a.csv"]


async def test_a_file_says_its_size_hash_version_and_page(world: RdmWorld) -> None:
    world.put("abc12", "/実験/メモ.txt", b"old")
    world.put("abc12", "/実験/メモ.txt", "室温".encode())
    async with opened_source(world) as (source, rdm):
        [file] = (await source.list_files()).files
    assert (file.path, file.name, file.size) == ("osfstorage/実験/メモ.txt", "メモ.txt", 6)
    assert file.version == file.sha256 == hashlib.sha256("室温".encode()).hexdigest()
    assert (file.source_version, file.modified is not None) == ("2", True)
    handle = world.storage("abc12").file_at("/実験/メモ.txt").entry_id
    assert file.link == f"{rdm.web_url}abc12/files/osfstorage/{handle}"


async def test_files_wiki_and_description_carry_the_tags_of_their_node(world: RdmWorld) -> None:
    world.edit("abc12", tags=["鋼", "SUS304", "鋼"])
    world.put("abc12", "/a.txt", b"1")
    world.add_wiki("abc12", "home", "text")
    files = await listed_files(world)
    assert files.keys() >= {"osfstorage/a.txt", "wiki/home.md", "about/project.md"}
    assert {file.tags for file in files.values()} == {("SUS304", "鋼")}


async def test_the_page_of_a_file_is_encoded_part_by_part(world: RdmWorld) -> None:
    world.add_provider("abc12", "nextcloud")
    world.put("abc12", "/a b/100% #1 ?.txt", b"", provider="nextcloud")
    [file] = (await listed_files(world)).values()
    assert str(file.link).endswith("/abc12/files/nextcloud/a%20b/100%25%20%231%20%3F.txt")


async def test_hidden_and_temporary_files_are_not_listed_nor_their_folders_asked_for(
    world: RdmWorld,
) -> None:
    for path in ("/.DS_Store", "/~$報告.docx", "/.git/config", "/__pycache__/a.pyc", "/keep.txt"):
        world.put("abc12", path, b"")
    async with opened_source(world) as (source, rdm):
        assert [file.name for file in (await source.list_files()).files] == ["keep.txt"]
        assert len(rdm.calls_to("files")) == 1


async def test_the_same_files_in_a_folder_or_mount_have_the_same_ids_paths_and_versions(
    world: RdmWorld, tmp_path: Path
) -> None:
    world.add_provider("abc12", "googledrive", style=Style(hashes=("sha256",)))
    names = ("a.txt", "実験/メモ.txt", "実験/ガラス.csv", "100% #1 ?.txt", "z/" + "長" * 85, "空")
    for provider in ("osfstorage", "googledrive"):
        for name in names:
            spelled = unicodedata.normalize("NFD" if provider == "googledrive" else "NFC", name)
            content = b"" if name == "空" else name.encode()
            world.put("abc12", f"/{spelled}", content, provider=provider)
            copy = tmp_path / provider / spelled
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
    folder = FolderSource(project_id="rdm-abc12", title="", root=tmp_path)
    copied = {
        file.path: (file.file_id, file.version, file.size)
        for file in (await folder.list_files()).files
    }
    asked = {
        path: (file.file_id, file.version, file.size)
        for path, file in (await listed_files(world)).items()
    }
    assert asked == copied
    assert len(asked) == 12


async def test_names_that_look_alike_get_the_ids_that_a_mount_gives(
    world: RdmWorld, tmp_path: Path
) -> None:
    (tmp_path / "osfstorage").mkdir()
    for form in ("NFD", "NFC"):
        name = "ガラス.txt" if form == "NFC" else unicodedata.normalize("NFD", "ガラス.txt")
        world.put("abc12", f"/{name}", form.encode())
        (tmp_path / "osfstorage" / name).write_text(form)
    folder = FolderSource(project_id="rdm-abc12", title="", root=tmp_path)
    copied = {file.version: file.file_id for file in (await folder.list_files()).files}
    async with opened_source(world) as (source, _):
        twins = (await source.list_files()).files
    assert {file.version: file.file_id for file in twins} == copied
    assert len(copied) == 2


async def test_a_moved_file_is_another_file_of_the_same_version(world: RdmWorld) -> None:
    world.put("abc12", "/a.txt", b"AZ91")
    [before] = (await listed_files(world)).values()
    world.move("abc12", "/a.txt", "/実験/b.txt")
    [after] = (await listed_files(world)).values()
    assert (after.path, after.version) == ("osfstorage/実験/b.txt", before.version)
    assert after.file_id != before.file_id


@pytest.mark.parametrize("provider", ["osfstorage", "s3", "onedrive", "github", "weko"])
async def test_a_version_changes_with_the_content_and_with_nothing_else(
    world: RdmWorld, provider: str
) -> None:
    if provider != "osfstorage":
        world.add_provider("abc12", provider)
    world.put("abc12", "/a.txt", b"one", provider=provider)
    [first] = (await listed_files(world)).values()
    [again] = (await listed_files(world)).values()
    world.put("abc12", "/a.txt", b"three", provider=provider)
    [changed] = (await listed_files(world)).values()
    assert again == replace(first, link=again.link)
    assert changed.version != first.version


async def test_a_file_of_which_the_listing_tells_nothing_is_new_each_time(world: RdmWorld) -> None:
    world.put("abc12", "/a.txt", b"one")
    world.disguise("abc12", "/a.txt", etag=None, modified_utc=None, extra={})
    [first] = (await listed_files(world)).values()
    [again] = (await listed_files(world)).values()
    assert first.version != again.version


async def test_of_files_with_one_path_the_first_counts(world: RdmWorld) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        world.put("abc12", f"/{name}", name.encode())
        world.disguise("abc12", f"/{name}", name="a.txt")
    async with opened_source(world) as (source, _):
        [file] = (await source.list_files()).files
    assert file.version == hashlib.sha256(b"a.txt").hexdigest()


@pytest.mark.parametrize(
    "name", ["", "x/../../etc/passwd", "a\x00b", "\x1b[2J", "長" * 33_000, "a" * 255]
)
async def test_a_hostile_name_neither_breaks_out_nor_hides_the_others(
    world: RdmWorld, tmp_path: Path, name: str
) -> None:
    for path in ("/bad.txt", "/good.txt"):
        world.put("abc12", path, path.encode())
    world.disguise("abc12", "/bad.txt", name=name)
    async with opened_source(world) as (source, _):
        files = (await source.list_files()).files
        fetched = [await source.fetch(file, tmp_path) for file in files]
    assert {path.read_bytes() for path in fetched} == {b"/bad.txt", b"/good.txt"}
    assert {path.parent for path in fetched} == {tmp_path}
    assert all(len(file.path.split("/")) == 2 and file.name for file in files)


@pytest.mark.parametrize("name", [".", "..", "../../etc/passwd"])
async def test_a_name_that_leads_upwards_is_skipped_as_a_hidden_one(
    world: RdmWorld, name: str
) -> None:
    world.put("abc12", "/bad.txt", b"bad")
    world.disguise("abc12", "/bad.txt", name=name)
    assert await listed_files(world) == {}


# What it costs


async def test_ten_thousand_files_in_a_hundred_folders_cost_one_request_a_folder(
    world: RdmWorld,
) -> None:
    for number in range(10_000):
        world.put("abc12", f"/{number % 100:02}/{number:05}.csv", b"", is_logged=False)
    async with opened_source(world) as (source, rdm):
        assert len((await source.list_files()).files) == 10_000
    assert len(rdm.calls_to("files")) == 101
    assert len(rdm.calls) <= 104
    assert rdm.downloads == []


@pytest.mark.parametrize("provider", ["osfstorage", "s3"])
async def test_twelve_thousand_files_in_one_folder_are_listed(
    world: RdmWorld, provider: str
) -> None:
    if provider == "s3":
        world.add_provider("abc12", "s3")
    for number in range(12_000):
        world.put("abc12", f"/{number:05}.csv", b"", provider=provider, is_logged=False)
    async with opened_source(world) as (source, _):
        listing = await source.list_files()
    assert len({file.file_id for file in listing.files}) == 12_000
    assert listing.unlisted == []


# Storages that fail


async def test_a_failing_storage_is_named_and_hurts_no_other(world: RdmWorld) -> None:
    world.add_provider("abc12", "googledrive")
    for provider in ("googledrive", "osfstorage"):
        world.put("abc12", "/a.txt", b"", provider=provider)
    for status in (503, 401, 403, 404, 400):
        world.fail_provider("abc12", "googledrive", status=status)
        async with opened_source(world) as (source, _):
            listing = await source.list_files()
        assert [file.path for file in listing.files] == ["osfstorage/a.txt"]
        assert [part.prefix for part in listing.unlisted] == ["googledrive/"]


async def test_a_storage_that_is_disconnected_is_simply_not_there(world: RdmWorld) -> None:
    world.add_provider("abc12", "googledrive")
    world.put("abc12", "/a.txt", b"", provider="googledrive")
    world.remove_provider("abc12", "googledrive")
    async with opened_source(world) as (source, _):
        listing = await source.list_files()
    assert (listing.files, listing.unlisted) == ([], [])


@pytest.mark.parametrize(
    "effect",
    [Refuse(404), Refuse(500), Refuse(403, PROXY_PAGE), Replace(), Replace(b'{"data": {}}')],
)
async def test_a_folder_that_fails_is_named_and_the_others_are_listed(
    world: RdmWorld, effect: Refuse | Replace
) -> None:
    world.add_provider("abc12", "s3")
    for path in ("/実験/a.txt", "/実験/図/b.txt", "/予備/c.txt"):
        world.put("abc12", path, b"", provider="s3")
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(effect, host="files", path="/実験/$", times=None))
        listing = await source.list_files()
    assert [file.path for file in listing.files] == ["s3/予備/c.txt"]
    assert [part.prefix for part in listing.unlisted] == ["s3/実験/"]


async def test_a_later_part_of_a_folder_that_fails_leaves_out_the_whole_folder(
    world: RdmWorld,
) -> None:
    world.add_provider("abc12", "s3", style=Style(page=2))
    for name in ("a", "b", "c"):
        world.put("abc12", f"/{name}.txt", b"", provider="s3")
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(Refuse(500), host="files", path="next_token"))
        listing = await source.list_files()
    assert (listing.files, [part.prefix for part in listing.unlisted]) == ([], ["s3/"])


async def test_a_listing_that_does_not_go_on_ends(world: RdmWorld) -> None:
    same = Replace(b'{"data": [], "next_token": "again"}')
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(same, host="files", times=None))
        listing = await source.list_files()
    assert [part.prefix for part in listing.unlisted] == ["osfstorage/"]


async def test_a_listing_that_goes_round_in_a_circle_ends(world: RdmWorld) -> None:
    async with opened_source(world) as (source, rdm):
        for name in ("one", "other", "one"):
            again = Replace(f'{{"data": [], "next_token": "{name}"}}'.encode())
            rdm.faults.add(Fault(again, host="files"))
        listing = await source.list_files()
    assert [part.prefix for part in listing.unlisted] == ["osfstorage/"]


async def test_a_storage_that_is_down_is_not_asked_for_every_folder(world: RdmWorld) -> None:
    for number in range(60):
        world.put("abc12", f"/{number:02}/a.txt", b"")
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(Refuse(503), host="files", skip=1, times=None))
        listing = await source.list_files()
    assert (listing.files, len(listing.unlisted)) == ([], 60)
    assert len(rdm.calls_to("files")) < 30


async def test_folders_without_end_end(world: RdmWorld) -> None:
    same = {"kind": "folder", "name": "again", "path": "/again/", "materialized": "/again/"}
    folder = Replace(json.dumps({"data": [{"attributes": same}]}).encode())
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(folder, host="files", times=None))
        listing = await source.list_files()
    assert [part.prefix for part in listing.unlisted] == ["osfstorage/again/again/"]


@pytest.mark.parametrize("path", ["evil/", "/file", "", "/../../xyz99/providers/osfstorage/"])
async def test_a_folder_with_a_handle_in_another_form_is_not_entered(
    world: RdmWorld, path: str
) -> None:
    attributes = {"kind": "folder", "name": "実験", "path": path}
    folder = Replace(json.dumps({"data": [{"attributes": attributes}]}).encode())
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(folder, host="files"))
        listing = await source.list_files()
        assert len(rdm.calls_to("files")) == 1
    assert [part.prefix for part in listing.unlisted] == ["osfstorage/実験/"]


async def test_a_folder_that_two_parts_of_a_listing_name_is_listed_once(world: RdmWorld) -> None:
    attributes = {"kind": "folder", "name": "実験", "path": "/e/"}
    twice = Replace(json.dumps({"data": [{"attributes": attributes}] * 2}).encode())
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(twice, host="files"), Fault(Replace(b'{"data": []}'), host="files"))
        listing = await source.list_files()
        assert len(rdm.calls_to("files")) == 2
    assert listing.unlisted == []


async def test_folders_are_entered_a_hundred_deep(world: RdmWorld) -> None:
    world.put("abc12", f"{'/a' * 100}/in.txt", b"")
    world.put("abc12", f"{'/b' * 101}/out.txt", b"")
    async with opened_source(world) as (source, _):
        listing = await source.list_files()
    assert [file.name for file in listing.files] == ["in.txt"]
    assert [part.prefix for part in listing.unlisted] == [f"osfstorage{'/b' * 101}/"]


# The node itself


async def test_a_node_that_was_deleted_meanwhile_is_gone(world: RdmWorld) -> None:
    async with opened_source(world) as (source, _):
        world.remove_node("abc12")
        with pytest.raises(RdmGone):
            await source.list_files()


async def test_a_token_that_is_refused_meanwhile_lists_nothing(world: RdmWorld) -> None:
    async with opened_source(world) as (source, _):
        world.refuse_token(AOKI)
        with pytest.raises(RdmTokenRefused):
            await source.list_files()


async def test_an_api_that_is_down_lists_nothing(world: RdmWorld) -> None:
    async with opened_source(world) as (source, rdm):
        rdm.faults.add(Fault(CutOff(), host="api"))
        with pytest.raises(RdmUnavailable):
            await source.list_files()
