"""What WaterButler says of files and folders, honest or not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest

from connectors.rdm.documents import understood
from connectors.rdm.listing import FolderAnswer, is_usable, part_of_path, version_of
from connectors.rdm.models import StoredEntry
from connectors.rdm.problems import RdmUnavailable

SHA256 = "ab" * 32
MD5 = "cd" * 16
NOTE: Mapping[str, object] = {
    "kind": "file",
    "name": "メモ.txt",
    "path": "/5f3a2b",
    "materialized": "/実験/メモ.txt",
    "provider": "osfstorage",
    "etag": "e1",
    "size": 4,
    "sizeInt": 4,
    "modified": "Mon, 01 Jul 2024 00:00:00 +0000",
    "modified_utc": "2024-07-01T00:00:00+00:00",
    "extra": {"version": 3, "hashes": {"md5": MD5, "sha256": SHA256}},
}
STORED = StoredEntry(
    kind="file",
    provider="osfstorage",
    name="メモ.txt",
    path="/5f3a2b",
    materialized="/実験/メモ.txt",
    size=4,
    modified=datetime(2024, 7, 1, tzinfo=UTC),
    etag="e1",
    sha256=SHA256,
    md5=MD5,
    version="3",
)
PLAIN = replace(STORED, sha256=None, md5=None)


def _listed(
    changes: Mapping[str, object], *, provider: str = "osfstorage", folder: str = "/実験/"
) -> StoredEntry:
    document = {"data": [{"id": "x", "type": "files", "attributes": {**NOTE, **changes}}]}
    answer = understood(FolderAnswer, document, name="rdm", role="file server")
    [entry] = answer.entries(provider, folder)
    return entry


def test_a_file_is_read_with_all_that_is_said_of_it() -> None:
    assert _listed({}) == STORED


def test_a_folder_has_no_size_and_its_path_ends_so() -> None:
    folder = _listed({"kind": "folder", "name": "図", "size": None, "sizeInt": None, "extra": {}})
    assert (folder.materialized, folder.size, folder.sha256) == ("/実験/図/", None, None)


def test_a_file_lies_in_the_folder_that_was_asked_for_whatever_is_said() -> None:
    assert _listed({"materialized": "/../../etc/passwd"}).materialized == "/実験/メモ.txt"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "\ufffd"),
        (".", "\ufffd"),
        ("..", "\ufffd\ufffd"),
        ("../a", "..\ufffda"),
        ("/etc/passwd", "\ufffdetc\ufffdpasswd"),
        ("100% #1 ?.txt", "100% #1 ?.txt"),
        ("...", "..."),
    ],
)
def test_a_name_is_one_part_of_a_path(name: str, part: str) -> None:
    assert part_of_path(name) == part


def test_only_what_has_the_form_of_a_hash_is_one() -> None:
    hashes = {"sha256": "../../x", "md5": MD5.upper()}
    entry = _listed({"extra": {"hashes": hashes}})
    assert (entry.sha256, entry.md5) == (None, MD5)


@pytest.mark.parametrize("extra", [None, [], "x", {"hashes": None}, {"hashes": {"sha256": 7}}])
def test_an_extra_that_says_nothing_is_as_good_as_none(extra: object) -> None:
    assert _listed({"extra": extra}).sha256 is None


@pytest.mark.parametrize(
    ("said", "size"), [(12, 12), ("12", 12), ("many", None), (-1, None), (2**63, None), ([], None)]
)
def test_a_size_that_cannot_be_is_not_known(said: object, size: int | None) -> None:
    assert _listed({"size": said, "sizeInt": None}).size == size


@pytest.mark.parametrize("said", [None, "", "yesterday", "9999-99-99", 7])
def test_a_time_that_is_none_is_left_out(said: object) -> None:
    assert _listed({"modified_utc": said}).modified is None


def test_only_versions_of_osfstorage_are_numbers_to_ask_for() -> None:
    assert _listed({}, provider="s3").version is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"data": None},
        {"data": {"attributes": dict(NOTE)}},
        {"data": [{"attributes": {**NOTE, "kind": "link"}}]},
        {"data": [{"attributes": {**NOTE, "path": 7}}]},
        {"data": [{"attributes": {**NOTE, "name": None}}]},
    ],
)
def test_an_answer_in_another_form_is_none(document: object) -> None:
    with pytest.raises(RdmUnavailable, match="another form"):
        understood(FolderAnswer, document, name="rdm", role="file server")


def test_the_version_is_the_hash_of_the_content_where_it_is_known() -> None:
    assert version_of(STORED) == SHA256
    assert version_of(replace(STORED, etag="e2", modified=None)) == SHA256


def test_without_sha256_another_hash_serves() -> None:
    assert version_of(replace(STORED, sha256=None)) == f"md5:{MD5}"


def test_without_hashes_etag_size_and_time_make_the_version() -> None:
    earlier = datetime(2023, 1, 1, tzinfo=UTC)
    states = [
        PLAIN,
        replace(PLAIN, etag="e2"),
        replace(PLAIN, size=5),
        replace(PLAIN, modified=earlier),
        replace(PLAIN, modified=None),
        replace(PLAIN, etag=None),
    ]
    versions = [version_of(state) for state in states]
    assert all(one != other for one, other in combinations(versions, 2))
    assert version_of(replace(PLAIN)) == versions[0]


def test_a_size_alone_is_no_version() -> None:
    assert version_of(replace(PLAIN, etag=None, modified=None)) is None


@pytest.mark.parametrize("path", ["", "5f3a2b", "/", "/5f3a2b/"])
def test_a_handle_of_another_form_is_not_that_of_a_file(path: str) -> None:
    assert not is_usable(path, kind="file")


@pytest.mark.parametrize(
    ("path", "kind"), [("/5f3a2b", "file"), ("/実験/a b.txt", "file"), ("/実験/", "folder")]
)
def test_handles_are_ids_or_paths(path: str, kind: str) -> None:
    assert is_usable(path, kind="folder" if kind == "folder" else "file")
