"""What must happen for an index to equal its project."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from connectors.ports import Listing, SourceFile
from rag.ports import FileRecord

INTERRUPTED: Final = "indexing_interrupted"
"""Failure code of a record written before its passages: a run that ends well replaces it."""

_MAY_HAVE_PASSED: Final = frozenset(
    {INTERRUPTED, "ocr_unavailable", "file_unreadable", "file_changed", "file_unavailable"}
)
"""Failures that a file can lose without changing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """File ids by what must be done; each is in one place, but for those moved away from.

    `write`: new, changed or to be tried again. `drop`: gone at the source. `move`: of the same
    content as passages that are there, with the id these have now, its own or that of a file which
    is gone (and in `drop`, too).
    """

    write: frozenset[str]
    drop: frozenset[str]
    move: Mapping[str, str]


def plan_sync(
    listing: Listing,
    indexed: Mapping[str, FileRecord],
    *,
    fingerprint: str,
    retry_failed: bool = False,
) -> SyncPlan:
    """Compare what the source lists with the records by file id.

    A file is left alone while its version, its labels (path, link, the source's number of the
    version, tags, time of change) and what makes passages of it (`fingerprint`) are as recorded;
    where the labels alone differ, it is moved. One that failed is left alone too, unless
    `retry_failed` or the reason may have passed. So is all that lies in a part which could not be
    listed. Once carried out without such failures, the next plan is empty.
    """
    unlisted = frozenset(part.prefix for part in listing.unlisted)
    files = [file for file in listing.files if not _is_in(file.path, unlisted)]
    gone = _gone(listing, indexed, unlisted)
    stale = [
        file
        for file in files
        if not _is_current(file, indexed.get(file.file_id), fingerprint, retry_failed=retry_failed)
    ]
    move = _moves(stale, indexed, gone, fingerprint)
    return SyncPlan(
        write=frozenset(file.file_id for file in stale if file.file_id not in move),
        drop=frozenset(gone),
        move=move,
    )


def is_settled(record: FileRecord, *, fingerprint: str) -> bool:
    """Tell whether a file needs nothing until it changes at the source."""
    if record.status == "failed" and record.failure_code in _MAY_HAVE_PASSED:
        return False
    return record.fingerprint == fingerprint


def _gone(
    listing: Listing, indexed: Mapping[str, FileRecord], unlisted: Collection[str]
) -> dict[str, FileRecord]:
    listed = {file.file_id for file in listing.files}
    return {
        file_id: record
        for file_id, record in indexed.items()
        if file_id not in listed and not _is_in(record.path, unlisted)
    }


def _is_in(path: str, folders: Collection[str]) -> bool:
    """Tell whether a path is below one of the folders, of which there may be thousands."""
    return any(path[: at + 1] in folders for at, char in enumerate(path) if char == "/")


def _is_current(
    file: SourceFile, record: FileRecord | None, fingerprint: str, *, retry_failed: bool
) -> bool:
    if record is None or not is_settled(record, fingerprint=fingerprint):
        return False
    if record.status == "failed":
        return not retry_failed and (record.version, record.path) == (file.version, file.path)
    return record.version == file.version and _has_labels_of(record, file)


def _has_labels_of(record: FileRecord, file: SourceFile) -> bool:
    known = (record.path, record.link, record.source_version, record.tags, record.modified)
    return known == (file.path, file.link, file.source_version, file.tags, file.modified)


def _moves(
    stale: Sequence[SourceFile],
    indexed: Mapping[str, FileRecord],
    gone: Mapping[str, FileRecord],
    fingerprint: str,
) -> dict[str, str]:
    """Return the files whose passages are there already, each with the file id these have."""
    whole = {
        file_id: record
        for file_id, record in indexed.items()
        if record.status == "indexed" and record.fingerprint == fingerprint
    }
    left = {
        _content(record.version, record.path): file_id
        for file_id, record in sorted(whole.items(), reverse=True)
        if file_id in gone
    }
    origins = {file.file_id: _origin(file, whole.get(file.file_id), left) for file in stale}
    return {file_id: origin for file_id, origin in origins.items() if origin is not None}


def _origin(
    file: SourceFile, own: FileRecord | None, left: Mapping[tuple[str, str], str]
) -> str | None:
    content = _content(file.version, file.path)
    if own is not None and content == _content(own.version, own.path):
        return file.file_id
    return left.get(content) if file.sha256 is not None else None


def _content(version: str, path: str) -> tuple[str, str]:
    """What passages follow from: of two files of the same bytes, the suffix may tell the format."""
    return version, PurePosixPath(path).suffix.lower()
