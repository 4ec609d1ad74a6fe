"""What must happen for an index to equal its project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.ports import SourceFile
from rag.ports import FileRecord

INTERRUPTED: Final = "indexing_interrupted"
"""Failure code of a record written before its passages: a run that ends well replaces it."""

_MAY_HAVE_PASSED: Final = frozenset(
    {INTERRUPTED, "ocr_unavailable", "file_unreadable", "file_changed"}
)
"""Failures that a file can lose without changing."""


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """File ids to write (new, changed or to be tried again) and to drop (gone at the source)."""

    write: frozenset[str]
    drop: frozenset[str]


def plan_sync(
    source: Sequence[SourceFile],
    indexed: Mapping[str, FileRecord],
    *,
    fingerprint: str,
    retry_failed: bool = False,
) -> SyncPlan:
    """Compare the files at the source with the records by file id.

    A file is left alone while its version, its path and what makes passages of it (`fingerprint`)
    are as recorded. One that failed is left alone too, unless `retry_failed` or the reason may
    have passed. Once carried out without such failures, the next plan is empty.
    """
    stale = {
        file.file_id
        for file in source
        if not _is_current(indexed.get(file.file_id), file, fingerprint, retry_failed=retry_failed)
    }
    gone = indexed.keys() - {file.file_id for file in source}
    return SyncPlan(write=frozenset(stale), drop=frozenset(gone))


def _is_current(
    record: FileRecord | None, file: SourceFile, fingerprint: str, *, retry_failed: bool
) -> bool:
    if record is None:
        return False
    if record.status == "failed" and (retry_failed or record.failure_code in _MAY_HAVE_PASSED):
        return False
    known = (record.version, record.path, record.fingerprint)
    return known == (file.version, file.path, fingerprint)
