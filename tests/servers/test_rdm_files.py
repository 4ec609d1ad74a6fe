"""The stand-in keeps and hands out files as WaterButler does, each storage in its own way."""

import hashlib
import io
import os
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.servers.conftest import Caller, stored
from tests.servers.rdm import RdmStandIn
from tests.servers.rdm_storage import LINKED_HOST, STYLES, Style
from tests.servers.rdm_world import RdmWorld


async def test_an_entry_says_what_waterbutler_says(caller: Caller, world: RdmWorld) -> None:
    modified = datetime(2024, 5, 1, 9, tzinfo=UTC)
    file = world.put("abc12", "/メモ.txt", b"1", modified=modified)
    [entry] = (await caller.get("files", stored())).json()["data"]
    told = entry["attributes"]
    assert entry["id"] == f"osfstorage/{file.entry_id}"
    assert entry["links"]["download"].startswith(LINKED_HOST)
    assert (told["kind"], told["path"]) == ("file", f"/{file.entry_id}")
    assert (told["materialized"], told["size"], told["sizeInt"]) == ("/メモ.txt", 1, 1)
    assert told["modified"] == "Wed, 01 May 2024 09:00:00 +0000"
    assert told["modified_utc"] == "2024-05-01T09:00:00+00:00"
    assert told["extra"]["hashes"]["sha256"] == hashlib.sha256(b"1").hexdigest()
    assert told["extra"]["version"] == 1


async def test_folders_have_neither_size_nor_time(caller: Caller, world: RdmWorld) -> None:
    world.make_folder("abc12", "/実験/空/")
    [folder] = await caller.folder()
    assert (folder["kind"], folder["size"], "modified" in folder) == ("folder", None, False)
    [empty] = await caller.folder(folder["path"])
    assert empty["materialized"] == "/実験/空/"


async def test_osfstorage_keeps_the_id_of_a_moved_file(caller: Caller, world: RdmWorld) -> None:
    file = world.put("abc12", "/a/b.txt", b"1")
    world.move("abc12", "/a/", "/c/d/")
    moved = await caller.get("files", stored(f"/{file.entry_id}?meta="))
    assert moved.json()["data"]["attributes"]["materialized"] == "/c/d/b.txt"
    assert world.storage("abc12").at("/a/b.txt") is None


async def test_other_storages_have_real_paths(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "nextcloud")
    world.put("abc12", "/a/b.txt", b"1", provider="nextcloud")
    world.move("abc12", "/a/", "/c/", provider="nextcloud")
    old, new = stored("/a/b.txt", provider="nextcloud"), stored("/c/b.txt", provider="nextcloud")
    assert (await caller.get("files", old)).status_code == 404
    assert (await caller.get("files", new)).content == b"1"


async def test_a_moved_file_replaces_the_one_at_its_new_path(
    caller: Caller, world: RdmWorld
) -> None:
    world.put("abc12", "/a.txt", b"1")
    replaced = world.put("abc12", "/b.txt", b"2")
    world.move("abc12", "/a.txt", "/b.txt")
    assert [entry["name"] for entry in await caller.folder()] == ["b.txt"]
    assert (await caller.get("files", stored(f"/{replaced.entry_id}"))).status_code == 404


async def test_only_a_storage_that_knows_a_hash_tells_it(caller: Caller, world: RdmWorld) -> None:
    for provider in ("s3", "googledrive", "nextcloud", "github", "weko"):
        world.add_provider("abc12", provider)
        world.put("abc12", "/a.txt", b"1", provider=provider)
    told = {
        provider: (sorted(entry["extra"].get("hashes", {})), entry["modified"] is not None)
        for provider in ("s3", "googledrive", "nextcloud", "github", "weko")
        for entry in await caller.folder(provider=provider)
    }
    assert told == {
        "s3": (["md5"], True),
        "googledrive": (["md5"], True),
        "nextcloud": ([], True),
        "github": ([], False),
        "weko": ([], True),
    }


@pytest.mark.parametrize(("provider", "etags"), [("nextcloud", 2), ("s3", 1), ("weko", 1)])
async def test_an_etag_is_of_the_upload_of_the_content_or_of_nothing(
    caller: Caller, world: RdmWorld, provider: str, etags: int
) -> None:
    world.add_provider("abc12", provider)
    world.put("abc12", "/a.txt", b"1", provider=provider)
    [before] = await caller.folder(provider=provider)
    world.put("abc12", "/a.txt", b"1", provider=provider)
    [after] = await caller.folder(provider=provider)
    assert len({before["etag"], after["etag"]}) == etags


async def test_earlier_versions_are_kept_where_the_storage_has_them(
    caller: Caller, world: RdmWorld
) -> None:
    world.put("abc12", "/a.txt", b"1")
    at = f"/{world.put('abc12', '/a.txt', b'22').entry_id}"
    versions = (await caller.get("files", stored(f"{at}?versions="))).json()["data"]
    assert [version["id"] for version in versions] == ["2", "1"]
    assert (await caller.get("files", stored(f"{at}?version=1"))).content == b"1"
    assert (await caller.get("files", stored(at))).content == b"22"
    assert (await caller.get("files", stored(f"{at}?version=3"))).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["100% #1 ?.txt", unicodedata.normalize("NFD", "がぎぐ.txt"), "a" * 251 + ".txt", "実" * 85],
)
async def test_a_file_of_any_name_is_had_by_its_percent_encoded_path(
    caller: Caller, world: RdmWorld, name: str
) -> None:
    world.add_provider("abc12", "nextcloud")
    world.put("abc12", f"/{name}", b"1", provider="nextcloud")
    answer = await caller.get("files", stored(f"/{quote(name)}", provider="nextcloud"))
    assert answer.content == b"1"
    assert quote(name) in answer.headers["content-disposition"]


async def test_a_file_of_no_bytes_has_the_length_zero(caller: Caller, world: RdmWorld) -> None:
    file = world.put("abc12", "/empty.txt", b"")
    answer = await caller.get("files", stored(f"/{file.entry_id}"), range="bytes=0-")
    assert (answer.status_code, answer.headers["content-length"]) == (200, "0")


@pytest.mark.parametrize(
    ("asked", "sent", "shown"),
    [("bytes=2-", b"23", "2-3/4"), ("bytes=0-0", b"0", "0-0/4"), ("bytes=-3", b"123", "1-3/4")],
)
async def test_a_range_is_sent_with_its_place(
    caller: Caller, world: RdmWorld, asked: str, sent: bytes, shown: str
) -> None:
    file = world.put("abc12", "/a.txt", b"0123")
    answer = await caller.get("files", stored(f"/{file.entry_id}"), range=asked)
    assert (answer.status_code, answer.content) == (206, sent)
    assert answer.headers["content-range"] == f"bytes {shown}"


async def test_a_range_behind_the_end_is_refused(caller: Caller, world: RdmWorld) -> None:
    file = world.put("abc12", "/a.txt", b"0123")
    answer = await caller.get("files", stored(f"/{file.entry_id}"), range="bytes=4-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */4")


async def test_a_folder_comes_as_a_zip_without_a_length(caller: Caller, world: RdmWorld) -> None:
    world.put("abc12", "/実験/メモ.txt", b"1")
    world.put("abc12", "/実験/図/a.png", b"2")
    [folder] = await caller.folder()
    answer = await caller.get("files", stored(f"{folder['path']}?zip="))
    assert answer.headers["transfer-encoding"] == "chunked"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["メモ.txt", "図/a.png"]


async def test_a_redirected_download_is_signed_and_on_another_port(
    caller: Caller, rdm: RdmStandIn, world: RdmWorld
) -> None:
    world.add_provider("abc12", "s3")
    world.put("abc12", "/a.txt", b"0123", provider="s3")
    redirect = await caller.get("files", stored("/a.txt", provider="s3"))
    location = redirect.headers["location"]
    assert (redirect.status_code, location.startswith(rdm.storage_url)) == (302, True)
    answer = await caller.http.get(location, headers={"range": "bytes=2-"})
    assert (answer.status_code, answer.content, rdm.leaks) == (206, b"23", [])


async def test_the_storage_host_notices_credentials_and_refuses_them(
    caller: Caller, rdm: RdmStandIn, world: RdmWorld
) -> None:
    world.add_provider("abc12", "s3")
    world.put("abc12", "/a.txt", b"1", provider="s3")
    location = (await caller.get("files", stored("/a.txt", provider="s3"))).headers["location"]
    for leak in ({"authorization": "Bearer aoki"}, {"cookie": "osf=1"}):
        assert (await caller.http.get(location, headers=leak)).status_code == 400
    assert len(rdm.leaks) == 2


async def test_the_storage_host_checks_signature_and_time(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "s3")
    world.put("abc12", "/a.txt", b"1", provider="s3")
    location = (await caller.get("files", stored("/a.txt", provider="s3"))).headers["location"]
    assert (await caller.http.get(f"{location}0")).status_code == 403
    now = world.now().timestamp()
    world.clock = lambda: now + 61
    assert (await caller.http.get(location)).status_code == 403


async def test_s3_lists_a_thousand_at_a_time(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "s3", style=replace(STYLES["s3"], page=2))
    for number in range(5):
        world.put("abc12", f"/{number}.txt", b"", provider="s3")
    names: list[str] = []
    token: str | None = ""
    while token is not None:
        asked = stored(f"/?next_token={quote(token)}", provider="s3")
        page = (await caller.get("files", asked)).json()
        names += [entry["attributes"]["name"] for entry in page["data"]]
        token = page.get("next_token")
    assert names == [f"{number}.txt" for number in range(5)]
    assert STYLES["s3"].page == 1000


async def test_a_failing_storage_fails_alone(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "googledrive")
    world.fail_provider("abc12", "googledrive", status=503)
    failed = await caller.get("files", stored(provider="googledrive"))
    assert (failed.status_code, failed.json()["code"]) == (503, 503)
    assert await caller.folder() == []
    world.fail_provider("abc12", "googledrive", status=None)
    assert await caller.folder(provider="googledrive") == []


async def test_a_removed_storage_is_not_found(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "box", style=Style(has_ids=True))
    world.remove_provider("abc12", "box")
    assert (await caller.get("files", stored(provider="box"))).status_code == 404
    assert await caller.ids("nodes/abc12/files/") == ["abc12:osfstorage"]


async def test_a_listing_can_lie_while_the_file_stays_true(caller: Caller, world: RdmWorld) -> None:
    file = world.put("abc12", "/a.txt", b"1")
    world.disguise("abc12", "/a.txt", name="../b.txt", sizeInt=99)
    [entry] = await caller.folder()
    assert (entry["name"], entry["sizeInt"]) == ("../b.txt", 99)
    assert (await caller.get("files", stored(f"/{file.entry_id}"))).content == b"1"
    world.disguise("abc12", "/a.txt")
    [honest] = await caller.folder()
    assert honest["name"] == "a.txt"


async def test_a_change_anywhere_shows_in_the_next_listing(caller: Caller, world: RdmWorld) -> None:
    async def names() -> list[str]:
        return [entry["name"] for entry in await caller.folder()]

    assert await names() == []
    world.put("abc12", "/a.txt", b"1")
    assert await names() == ["a.txt"]
    world.move("abc12", "/a.txt", "/b.txt")
    assert await names() == ["b.txt"]
    world.delete("abc12", "/b.txt")
    assert await names() == []


async def test_twelve_thousand_files_lie_in_one_folder(caller: Caller, world: RdmWorld) -> None:
    for number in range(12_000):
        world.put("abc12", f"/{number}.txt", b"")
    assert len(await caller.folder()) == 12_000


async def test_only_requests_for_bytes_count_as_downloads(
    caller: Caller, rdm: RdmStandIn, world: RdmWorld
) -> None:
    file = world.put("abc12", "/a.txt", b"1")
    for query in ("?meta=", "?versions="):
        await caller.get("files", stored(f"/{file.entry_id}{query}"))
    await caller.folder()
    assert rdm.downloads == []
    await caller.get("files", stored(f"/{file.entry_id}"))
    assert len(rdm.downloads) == 1


async def test_a_folder_on_disk_is_followed(
    caller: Caller, world: RdmWorld, tmp_path: Path
) -> None:
    (tmp_path / "実験").mkdir()
    (tmp_path / "実験" / "メモ.txt").write_bytes(b"1")
    (tmp_path / "b.txt").write_bytes(b"2")
    world.add_folder("abc12", tmp_path)
    (tmp_path / "b.txt").unlink()
    (tmp_path / "実験" / "メモ.txt").write_bytes(b"333")
    world.add_folder("abc12", tmp_path)
    [folder] = await caller.folder()
    [file] = await caller.folder(folder["path"])
    assert (file["size"], file["extra"]["version"]) == (3, 2)
    assert (await caller.get("files", stored(file["path"]), range="bytes=1-")).content == b"33"


async def test_a_folder_on_disk_that_did_not_change_writes_no_log(
    world: RdmWorld, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"1")
    world.add_folder("abc12", tmp_path)
    logs = len(world.nodes["abc12"].logs)
    world.add_folder("abc12", tmp_path)
    assert len(world.nodes["abc12"].logs) == logs


async def test_a_file_whose_name_is_no_utf8_is_left_out(world: RdmWorld, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode("実験.txt".encode("shift_jis"))).write_bytes(b"1")
    world.add_folder("abc12", tmp_path)
    assert list(world.storage("abc12").files()) == []
