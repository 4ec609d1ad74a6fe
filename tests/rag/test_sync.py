"""What must happen for an index to equal its project."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ports import Listing, SourceFile, UnlistedPart
from contracts.problems import ServiceUnreachable
from rag.ports import FileRecord
from rag.sync import INTERRUPTED, SyncPlan, is_settled, plan_sync

FINGERPRINT = "parser 1, chunker 1"
NOTHING = SyncPlan(write=frozenset(), drop=frozenset(), move={})
ONE, TWO = "1" * 64, "2" * 64
"""Contents by their SHA-256."""

_PATHS = st.sampled_from(["a.txt", "b.txt", "c.txt", "c.md", "drive/a.txt", "drive/b.txt"])
_VERSIONS = st.dictionaries(_PATHS, st.sampled_from([ONE, TWO, "etag:1"]))
_PREFIXES = st.lists(st.sampled_from(["drive/", "wiki/"]), max_size=2)


def _file(path: str = "a.txt", version: str = ONE) -> SourceFile:
    return SourceFile(file_id=f"id of {path}", path=path, size=1, version=version, modified=None)


def _record(path: str = "a.txt", version: str = ONE) -> FileRecord:
    return FileRecord(
        file_id=f"id of {path}",
        path=path,
        version=version,
        fingerprint=FINGERPRINT,
        status="indexed",
        passages=1,
        indexed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _failed(code: str) -> FileRecord:
    return replace(_record(), status="failed", failure_code=code)


def _unlisted(*prefixes: str) -> list[UnlistedPart]:
    problem = ServiceUnreachable("The storage", reason="it was told to be down")
    return [UnlistedPart(prefix, problem) for prefix in prefixes]


def _plan(
    files: list[SourceFile],
    *records: FileRecord,
    unlisted: tuple[str, ...] = (),
    retry_failed: bool = False,
) -> SyncPlan:
    known = {record.file_id: record for record in records}
    listing = Listing(files, _unlisted(*unlisted))
    return plan_sync(listing, known, fingerprint=FINGERPRINT, retry_failed=retry_failed)


def test_an_unchanged_project_needs_nothing() -> None:
    assert _plan([_file()], _record()) == NOTHING


def test_a_new_file_is_written() -> None:
    assert _plan([_file()]) == replace(NOTHING, write=frozenset({"id of a.txt"}))


@pytest.mark.parametrize(
    "record",
    [replace(_record(), version=TWO), replace(_record(), fingerprint="parser 0")],
    ids=["content", "parser"],
)
def test_a_file_is_written_again_when_what_its_passages_follow_from_changed(
    record: FileRecord,
) -> None:
    assert _plan([_file()], record) == replace(NOTHING, write=frozenset({"id of a.txt"}))


def test_a_file_deleted_at_the_source_leaves_the_index() -> None:
    assert _plan([], _record()) == replace(NOTHING, drop=frozenset({"id of a.txt"}))


def test_a_file_under_another_name_is_moved() -> None:
    assert _plan([_file("b/neu.txt")], _record("a.txt")) == SyncPlan(
        write=frozenset(),
        drop=frozenset({"id of a.txt"}),
        move={"id of b/neu.txt": "id of a.txt"},
    )


def test_a_file_moved_in_the_place_of_another_is_moved() -> None:
    plan = _plan([_file("a.txt", TWO)], _record("a.txt", ONE), _record("b.txt", TWO))
    assert (plan.write, plan.move) == (frozenset(), {"id of a.txt": "id of b.txt"})


@pytest.mark.parametrize(
    "relabelled",
    [
        replace(_file(), link="https://rdm.example/a"),
        replace(_file(), source_version="2"),
        replace(_file(), path="A.txt"),
    ],
    ids=["link", "number of the version", "spelling"],
)
def test_a_file_whose_labels_alone_changed_is_moved_where_it_is(relabelled: SourceFile) -> None:
    assert _plan([relabelled], _record()) == replace(NOTHING, move={"id of a.txt": "id of a.txt"})


@pytest.mark.parametrize(
    ("file", "record"),
    [
        (_file("b.md"), _record("a.txt")),
        (_file("b.txt", "etag:1"), _record("a.txt", "etag:1")),
        (_file("b.txt"), replace(_record("a.txt"), fingerprint="parser 0")),
        (_file("b.txt"), _failed("encrypted")),
        (_file("b.txt"), _failed(INTERRUPTED)),
    ],
    ids=["another format", "no hash", "another parser", "failed", "interrupted"],
)
def test_a_file_is_read_where_the_passages_of_another_may_not_be_its_own(
    file: SourceFile, record: FileRecord
) -> None:
    assert _plan([file], record) == SyncPlan(
        write=frozenset({file.file_id}), drop=frozenset({record.file_id}), move={}
    )


def test_a_copy_is_read_and_the_file_it_was_made_of_left_alone() -> None:
    assert _plan([_file("a.txt"), _file("b.txt")], _record("a.txt")) == replace(
        NOTHING, write=frozenset({"id of b.txt"})
    )


def test_what_lies_in_a_part_that_could_not_be_listed_is_left_alone() -> None:
    seen, unseen = _file("drive/neu.txt"), _record("drive/old.txt", TWO)
    assert _plan([seen], unseen, unlisted=("drive/",)) == NOTHING
    assert _plan([_file("b.txt", TWO)], unseen, unlisted=("drive/",)) == replace(
        NOTHING, write=frozenset({"id of b.txt"})
    )


def test_a_file_beside_a_folder_that_could_not_be_listed_is_not_in_it() -> None:
    assert _plan([], _record("drive.txt"), unlisted=("drive/", "dr")).drop == {"id of drive.txt"}


def test_a_failed_file_is_left_alone_until_someone_asks() -> None:
    assert _plan([_file()], _failed("encrypted")) == NOTHING
    assert _plan([_file()], _failed("encrypted"), retry_failed=True).write == {"id of a.txt"}


@pytest.mark.parametrize(
    "code",
    [INTERRUPTED, "ocr_unavailable", "file_unreadable", "file_changed", "file_unavailable"],
)
def test_a_failure_that_may_have_passed_is_tried_again(code: str) -> None:
    assert _plan([_file()], _failed(code)).write == {"id of a.txt"}
    assert not is_settled(_failed(code), fingerprint=FINGERPRINT)


def test_a_file_is_settled_until_it_changes_or_is_read_otherwise() -> None:
    assert is_settled(_record(), fingerprint=FINGERPRINT)
    assert is_settled(_failed("encrypted"), fingerprint=FINGERPRINT)
    assert not is_settled(_record(), fingerprint="parser 2")


@given(_VERSIONS, _VERSIONS, _PREFIXES)
def test_once_carried_out_the_next_plan_is_empty(
    source: dict[str, str], indexed: dict[str, str], unlisted: list[str]
) -> None:
    files = [_file(*each) for each in source.items()]
    records = [_record(*each) for each in indexed.items()]
    plan = _plan(files, *records, unlisted=tuple(unlisted))
    left = [record for record in records if record.file_id not in plan.drop]
    changed = plan.write | plan.move.keys()
    done = [_record(file.path, file.version) for file in files if file.file_id in changed]
    assert _plan(files, *left, *done, unlisted=tuple(unlisted)) == NOTHING


@given(_VERSIONS, _VERSIONS)
def test_what_is_moved_has_the_content_of_what_is_there(
    source: dict[str, str], indexed: dict[str, str]
) -> None:
    plan = _plan(
        [_file(*each) for each in source.items()], *(_record(*each) for each in indexed.items())
    )
    versions = {f"id of {path}": version for path, version in source.items()}
    held = {f"id of {path}": version for path, version in indexed.items()}
    assert all(versions[file] == held[origin] for file, origin in plan.move.items())
    assert not plan.write & plan.move.keys()
    assert not plan.drop & (plan.write | plan.move.keys())
