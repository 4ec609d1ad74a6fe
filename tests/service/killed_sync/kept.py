"""What is kept of a project after a sync, without the times: to be compared."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.ports import FileRecord
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from service.records.projects import ProjectRecord, ProjectRecords
from tests.rag.indexing import contents
from tests.service.killed_sync.syncing import database_url

_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    passages: dict[str, Any]
    """Payload and vectors by id, as the engine has them."""
    projects: dict[str, ProjectRecord]
    files: dict[str, dict[str, FileRecord]]
    """By project and file id."""


async def kept_in(home: Path) -> Kept:
    async with open_database(database_url(home)) as database:
        projects = await ProjectRecords(database).list_records()
        records = DatabaseIndexRecords(database, "docs")
        files = {each.project_id: await records.load(each.project_id) for each in projects}
    return Kept(
        passages=contents(home / "store"),
        projects={each.project_id: _timeless(each) for each in projects},
        files={
            project: {key: replace(file, indexed_at=_SOME_TIME) for key, file in found.items()}
            for project, found in files.items()
        },
    )


def _timeless(project: ProjectRecord) -> ProjectRecord:
    """Keep of a time only whether there is one."""
    return replace(
        project,
        created_at=_SOME_TIME,
        listed_at=project.listed_at and _SOME_TIME,
        indexed_at=project.indexed_at and _SOME_TIME,
    )
