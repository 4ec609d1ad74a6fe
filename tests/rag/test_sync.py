"""What must happen for an index to equal its project."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ports import SourceFile
from rag.ports import FileRecord
from rag.sync import INTERRUPTED, SyncPlan, plan_sync

FINGERPRINT = "parser 1, chunker 1"
NOTHING = SyncPlan(write=frozenset(), drop=frozenset())

_VERSIONS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123"))


def _file(file_id: str = "a", version: str = "1") -> SourceFile:
    path = f"{file_id}.txt"
    return SourceFile(file_id=file_id, path=path, size=1, version=version, modified=None)


def _record(file_id: str = "a", version: str = "1") -> FileRecord:
    return FileRecord(
        file_id=file_id,
        path=f"{file_id}.txt",
        version=version,
        fingerprint=FINGERPRINT,
        status="indexed",
        passages=1,
        indexed_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _failed(code: str) -> FileRecord:
    return replace(_record(), status="failed", failure_code=code)


def _plan(files: list[SourceFile], *records: FileRecord, retry_failed: bool = False) -> SyncPlan:
    known = {record.file_id: record for record in records}
    return plan_sync(files, known, fingerprint=FINGERPRINT, retry_failed=retry_failed)


def test_an_unchanged_project_needs_nothing() -> None:
    assert _plan([_file()], _record()) == NOTHING


def test_a_new_file_is_written() -> None:
    assert _plan([_file()]).write == {"a"}


@pytest.mark.parametrize(
    "record",
    [
        replace(_record(), version="0"),
        replace(_record(), path="old name.txt"),
        replace(_record(), fingerprint="parser 0"),
    ],
    ids=["content", "name", "parser"],
)
def test_a_file_is_written_again_when_what_its_passages_follow_from_changed(
    record: FileRecord,
) -> None:
    assert _plan([_file()], record).write == {"a"}


def test_a_file_deleted_at_the_source_leaves_the_index() -> None:
    assert _plan([], _record()) == SyncPlan(write=frozenset(), drop=frozenset({"a"}))


def test_a_failed_file_is_left_alone_until_someone_asks() -> None:
    assert _plan([_file()], _failed("encrypted")) == NOTHING
    assert _plan([_file()], _failed("encrypted"), retry_failed=True).write == {"a"}


@pytest.mark.parametrize(
    "code", [INTERRUPTED, "ocr_unavailable", "file_unreadable", "file_changed"]
)
def test_a_failure_that_may_have_passed_is_tried_again(code: str) -> None:
    assert _plan([_file()], _failed(code)).write == {"a"}


@given(_VERSIONS, _VERSIONS)
def test_once_carried_out_the_next_plan_is_empty(
    source: dict[str, str], indexed: dict[str, str]
) -> None:
    files = [_file(*each) for each in source.items()]
    plan = _plan(files, *(_record(*each) for each in indexed.items()))
    left = {name: version for name, version in indexed.items() if name not in plan.drop}
    done = left | {name: source[name] for name in plan.write}
    assert _plan(files, *(_record(*each) for each in done.items())) == NOTHING
