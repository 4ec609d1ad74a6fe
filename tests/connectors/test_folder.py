"""A folder as a project: which files it has, under which ids, and what a fetch promises."""

import asyncio
import hashlib
import os
import shutil
import socket
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.folder import FolderSource
from connectors.paths import is_skipped_file, shown_path
from connectors.ports import SourceFile
from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnreadable,
    SourceFolderElsewhere,
    SourceMissing,
    SourceUnreadable,
)
from tests.connectors.conftest import DEEP_LEVELS, DEEP_NAME


def _source(root: Path, **options: int) -> FolderSource:
    return FolderSource(project_id="alloy", title="合金", root=root, **options)


async def _only(source: FolderSource) -> SourceFile:
    [file] = (await source.list_files()).files
    return file


async def _paths(root: Path) -> list[str]:
    return [file.path for file in (await _source(root).list_files()).files]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


async def test_files_of_all_folders_are_listed_by_path(root: Path) -> None:
    (root / "data" / "2024").mkdir(parents=True)
    for name in ("報告.md", "data/b.csv", "data/2024/a.csv"):
        (root / name).write_text(name)
    assert await _paths(root) == ["data/2024/a.csv", "data/b.csv", "報告.md"]


async def test_an_empty_folder_is_a_project_without_files(root: Path) -> None:
    assert (await _source(root).list_files()).files == []


async def test_a_file_says_name_size_and_the_hash_of_its_content(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a.txt").write_bytes(b"AZ91")
    file = await _only(_source(root))
    assert (file.name, file.size) == ("a.txt", 4)
    assert file.version == hashlib.sha256(b"AZ91").hexdigest()
    assert file.modified is not None


async def test_a_copy_of_the_folder_has_the_same_ids_and_versions(root: Path) -> None:
    (root / "a.txt").write_text("AZ91")
    original = await _only(_source(root))
    copied = await _only(_source(shutil.copytree(root, root.parent / "copy")))
    assert (copied.file_id, copied.version) == (original.file_id, original.version)


async def test_the_same_path_in_another_project_is_another_file(root: Path) -> None:
    (root / "a.txt").touch()
    other = FolderSource(project_id="veda", title="", root=root)
    assert (await _only(_source(root))).file_id != (await _only(other)).file_id


async def test_new_content_is_a_new_version_of_the_same_file(root: Path) -> None:
    (root / "a.txt").write_text("415℃")
    before = await _only(_source(root))
    (root / "a.txt").write_text("420℃")
    after = await _only(_source(root))
    assert after.file_id == before.file_id
    assert after.version != before.version


async def test_touching_a_file_makes_no_new_version(root: Path) -> None:
    (root / "a.txt").write_text("415℃")
    before = await _only(_source(root))
    os.utime(root / "a.txt", (0, 0))
    assert (await _only(_source(root))).version == before.version


async def test_hidden_and_temporary_files_are_not_listed(root: Path) -> None:
    for name in (".git/config", "__pycache__/a.pyc", "sub/.hidden", "sub/~$報告.docx", "keep.txt"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    assert await _paths(root) == ["keep.txt"]


@pytest.mark.parametrize(
    "name",
    [
        *(".DS_Store", "._a.pdf", ".~lock.a.odt#", "Thumbs.db", "desktop.ini"),
        *("~$a.xlsx", "~WRL0001.tmp", "a.txt~", "#a.txt#", "a.swp", "A.TMP", "a.pdf.crdownload"),
    ],
)
def test_what_programs_leave_behind_is_skipped(name: str) -> None:
    assert is_skipped_file(name)


@pytest.mark.parametrize(
    "name", ["a.pdf", "template.docx", "tmp", "#1 試料.csv", "a~b.txt", "部品.xlsx"]
)
def test_a_name_that_only_resembles_one_is_not_skipped(name: str) -> None:
    assert not is_skipped_file(name)


async def test_links_to_files_and_folders_are_not_followed(root: Path, inbox: Path) -> None:
    (inbox / "secret.txt").write_text("secret")
    (root / "file").symlink_to(inbox / "secret.txt")
    (root / "folder").symlink_to(inbox)
    (root / "circle").symlink_to(root)
    assert await _paths(root) == []


async def test_the_project_folder_itself_may_be_a_link(root: Path) -> None:
    (root / "a.txt").touch()
    link = root.parent / "link"
    link.symlink_to(root)
    assert await _paths(link) == ["a.txt"]


async def test_a_fetched_file_is_a_copy_of_the_listed_version(root: Path, inbox: Path) -> None:
    (root / "a.txt").write_bytes(b"AZ91" * 1_000_000)
    source = _source(root)
    fetched = await source.fetch(await _only(source), inbox)
    assert fetched.parent == inbox
    assert fetched.read_bytes() == (root / "a.txt").read_bytes()


async def test_a_link_swapped_in_for_a_file_is_not_followed(root: Path, inbox: Path) -> None:
    (root / "a.txt").write_text("secret")
    source = _source(root)
    file = await _only(source)
    (root / "a.txt").rename(inbox / "secret.txt")
    (root / "a.txt").symlink_to(inbox / "secret.txt")
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, inbox)


async def test_a_link_swapped_in_for_a_folder_is_not_followed(root: Path, inbox: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a.txt").write_text("secret")
    source = _source(root)
    file = await _only(source)
    (root / "sub").rename(inbox / "elsewhere")
    (root / "sub").symlink_to(inbox / "elsewhere")
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, inbox)


async def test_a_pipe_swapped_in_for_a_file_keeps_nobody_waiting(root: Path, inbox: Path) -> None:
    (root / "a.txt").touch()
    source = _source(root)
    file = await _only(source)
    (root / "a.txt").unlink()
    os.mkfifo(root / "a.txt")
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, inbox)


async def test_pipes_and_sockets_are_no_files(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        assert await _paths(root) == []


@pytest.mark.parametrize("content", ["shrt", "same size"[::-1], "same size, and longer"])
async def test_a_file_that_changed_since_the_listing_is_a_conflict(
    root: Path, inbox: Path, content: str
) -> None:
    (root / "a.txt").write_text("same size")
    source = _source(root)
    file = await _only(source)
    (root / "a.txt").write_text(content)
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, inbox)


async def test_a_file_removed_since_the_listing_is_a_conflict(root: Path, inbox: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a.txt").touch()
    source = _source(root)
    file = await _only(source)
    shutil.rmtree(root / "sub")
    with pytest.raises(SourceFileChanged):
        await source.fetch(file, inbox)


async def test_a_handle_that_leads_out_of_the_folder_is_refused(root: Path, inbox: Path) -> None:
    (root.parent / "secret.txt").touch()
    (root / "a.txt").touch()
    source = _source(root)
    listed = await _only(source)
    for outside in ("../secret.txt", "sub/../../secret.txt", str(root.parent / "secret.txt"), ".."):
        forged = replace(listed, locator=outside)
        with pytest.raises(ValueError, match=r"out of the folder|no name"):
            await source.fetch(forged, inbox)


async def test_a_file_over_the_limit_is_listed_and_not_read(root: Path, inbox: Path) -> None:
    with (root / "sparse.bin").open("wb") as sparse:
        sparse.truncate(2**30)
    source = _source(root, max_file_bytes=2**20)
    file = await _only(source)
    assert file.version.startswith("unread-1073741824-")
    with pytest.raises(SourceFileTooLarge, match="1,073,741,824"):
        await source.fetch(file, inbox)
    assert not any(os.scandir(inbox))


async def test_a_decomposed_name_is_shown_composed_with_the_same_id(
    root: Path, inbox: Path
) -> None:
    (root / unicodedata.normalize("NFD", "ガラス.txt")).touch()
    (inbox / unicodedata.normalize("NFC", "ガラス.txt")).touch()
    decomposed, composed = await _only(_source(root)), await _only(_source(inbox))
    assert decomposed.path == composed.path == "ガラス.txt"
    assert decomposed.file_id == composed.file_id


async def test_names_that_look_the_same_are_two_files(root: Path, inbox: Path) -> None:
    (root / unicodedata.normalize("NFC", "ガラス.txt")).write_text("composed")
    (root / unicodedata.normalize("NFD", "ガラス.txt")).write_text("decomposed")
    source = _source(root)
    twins = (await source.list_files()).files
    assert len({twin.file_id for twin in twins}) == 2
    contents = {(await source.fetch(twin, inbox)).read_text() for twin in twins}
    assert contents == {"composed", "decomposed"}


async def test_a_name_that_is_no_utf8_is_listed_and_fetched(root: Path, inbox: Path) -> None:
    (root / os.fsdecode("試料.txt".encode("cp932"))).write_text("Mg")
    source = _source(root)
    file = await _only(source)
    file.path.encode()  # can be shown and stored
    assert (await source.fetch(file, inbox)).read_text() == "Mg"


def test_control_characters_in_a_name_are_not_shown() -> None:
    assert shown_path("a\x1b[2J\n.txt") == "a\ufffd[2J\ufffd.txt"


async def test_a_path_longer_than_the_system_takes_is_listed_and_fetched(
    deep_folder: Path, inbox: Path
) -> None:
    source = _source(deep_folder)
    file = await _only(source)
    assert file.path == f"{DEEP_NAME}/" * DEEP_LEVELS + "a.txt"
    assert (await source.fetch(file, inbox)).read_bytes() == b""


async def test_a_project_whose_folder_is_gone_is_missing(root: Path) -> None:
    with pytest.raises(SourceMissing, match="alloy"):
        await _source(root / "gone").list_files()


async def test_a_project_whose_folder_is_a_file_is_missing(root: Path) -> None:
    (root / "a.txt").touch()
    with pytest.raises(SourceMissing):
        await _source(root / "a.txt").list_files()


async def test_a_time_that_is_no_date_is_left_out(memory_folder: Path) -> None:
    (memory_folder / "a.txt").touch()
    os.utime(memory_folder / "a.txt", (0, 2**58))
    assert (await _only(_source(memory_folder))).modified is None


async def test_an_unreadable_file_is_listed_and_says_why(plain_user_folder: Path) -> None:
    (plain_user_folder / "closed.txt").write_text("secret")
    (plain_user_folder / "closed.txt").chmod(0)
    source = _source(plain_user_folder)
    file = await _only(source)
    with pytest.raises(SourceFileUnreadable, match="Permission denied"):
        await source.fetch(file, plain_user_folder)


async def test_an_unreadable_folder_does_not_hide_the_others(plain_user_folder: Path) -> None:
    for name in ("closed", "open"):
        (plain_user_folder / name).mkdir()
        (plain_user_folder / name / "a.txt").touch()
    (plain_user_folder / "closed").chmod(0)
    source = _source(plain_user_folder)
    closed, opened = (await source.list_files()).files
    assert (closed.path, opened.path) == ("closed/", "open/a.txt")
    with pytest.raises(SourceFileUnreadable):
        await source.fetch(closed, plain_user_folder)


async def test_a_file_that_becomes_readable_is_a_new_version(plain_user_folder: Path) -> None:
    path = plain_user_folder / "a.txt"
    path.touch()
    path.chmod(0)
    before = await _only(_source(plain_user_folder))
    path.chmod(0o600)
    assert (await _only(_source(plain_user_folder))).version != before.version


async def test_a_project_that_cannot_be_listed_is_not_an_empty_one(plain_user_folder: Path) -> None:
    closed = plain_user_folder / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(SourceUnreadable, match="Permission denied"):
        await _source(closed).list_files()


@pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="PSEUDO-FILES NOT TESTED")
async def test_a_pseudo_file_that_holds_more_than_it_says_is_not_read_to_its_end() -> None:
    files = (await _source(Path("/proc/self"), max_file_bytes=1000).list_files()).files
    [pagemap] = [file for file in files if file.path == "pagemap"]
    assert pagemap.version.startswith("unread-0-")


@pytest.fixture
def folder_with_mount() -> Path:
    """`/dev`, which has a file system of its own mounted on `shm`."""
    if not Path("/dev/shm").is_mount():  # noqa: S108 - nothing is written there
        pytest.skip("OTHER FILE SYSTEMS NOT TESTED: nothing is mounted on /dev/shm")
    return Path("/dev")


async def test_a_folder_on_another_file_system_is_not_entered_and_says_so(
    folder_with_mount: Path, inbox: Path
) -> None:
    source = _source(folder_with_mount)
    shown = [file for file in (await source.list_files()).files if file.path.startswith("shm/")]
    assert [file.path for file in shown] == ["shm/"]
    with pytest.raises(SourceFolderElsewhere):
        await source.fetch(shown[0], inbox)


async def test_a_folder_that_another_took_the_place_of_does_not_look_emptied(root: Path) -> None:
    (root / "a.dat").touch()
    os.truncate(root / "a.dat", 2**28)  # some tenths of a second to hash
    (root / "b.txt").write_text("b", encoding="utf-8")
    listing = asyncio.create_task(_source(root).list_files())
    await asyncio.to_thread(_swap_while_open, root, root / "a.dat")
    with pytest.raises(SourceUnreadable):
        await listing


def _swap_while_open(folder: Path, file: Path) -> None:
    """Put an empty folder in the place of one in which a file is just being read."""
    while file not in {link.resolve() for link in Path("/proc/self/fd").iterdir()}:
        time.sleep(0.001)
    folder.rename(folder.with_name("unmounted"))
    folder.mkdir()


def test_a_cancelled_listing_stops_hashing(root: Path) -> None:
    huge = 2**37
    (root / "huge.dat").touch()
    os.truncate(root / "huge.dat", huge)

    async def cancel() -> bool:
        listing = asyncio.create_task(_source(root, max_file_bytes=huge).list_files())
        await asyncio.sleep(0.1)
        listing.cancel()
        async with asyncio.timeout(20) as deadline:  # hashing all of it takes over a minute
            await asyncio.get_running_loop().shutdown_default_executor()
        return deadline.expired()

    assert not asyncio.run(cancel())  # in a loop of its own, which others need no more
