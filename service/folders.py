"""Make a folder of this machine a project, and forget one."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from contracts.principal import Principal
from contracts.problems import InvalidRequest, NotAllowed
from rag.problems import ProjectUnknown
from rag.store.port import VectorStore
from service.access import is_local_operator
from service.problems import FolderMissing, FolderRefused, ProjectBusy, ProjectExists
from service.records.jobs import JobRecords
from service.records.projects import ProjectRecord, ProjectRecords

_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9._-]+")
_IS_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ID_RULE = "up to 128 letters, digits, dots, hyphens and underscores, the first a letter or digit"
_LONGEST_ID = 80
_MARK_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Registers and removes projects. Needs the scope `admin`; checks it itself."""

    projects: ProjectRecords
    jobs: JobRecords
    store: VectorStore
    roots: Sequence[Path]

    async def add(
        self,
        principal: Principal,
        path: str,
        *,
        project_id: str | None = None,
        title: str | None = None,
    ) -> ProjectRecord:
        """Return the project of the folder at `path`, which is made if there is none.

        Without a `project_id` the folder's name makes one.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
            InvalidRequest: the `project_id` is none.
            FolderRefused: not below a folder that the operator allows.
            FolderMissing: no folder there.
            ProjectExists: the id is taken by another folder.
        """
        _require_admin(principal)
        if project_id is not None and not _IS_ID.fullmatch(project_id):
            raise InvalidRequest(f"project_id: {_ID_RULE}")
        roots = None if is_local_operator(principal) else self.roots
        folder = await asyncio.to_thread(_find_folder, path, roots)
        known = await self.projects.find_by_location(str(folder))
        if known is not None and project_id in {None, known.project_id}:
            project_id, title = known.project_id, title or known.title
        return await self._insert(
            principal, folder, project_id, title or folder.name or str(folder)
        )

    async def remove(self, principal: Principal, project_id: str) -> None:
        """Forget a project: its passages, records and jobs. Its files are left alone.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
            ProjectUnknown: there is none with this id.
            ProjectBusy: it is being indexed.
        """
        _require_admin(principal)
        if await self.projects.find(project_id) is None:
            raise ProjectUnknown(project_id)
        if any(job.status == "running" for job in await self.jobs.latest(project_id, limit=10)):
            raise ProjectBusy(project_id)
        await self.store.delete_project(project_id)
        await self.store.flush()
        await self.projects.remove(project_id)

    async def _insert(
        self, principal: Principal, folder: Path, project_id: str | None, title: str
    ) -> ProjectRecord:
        ids = [project_id] if project_id else [id_from_name(folder), id_from_path(folder)]
        for attempt, candidate in enumerate(ids, start=1):
            record = ProjectRecord(
                project_id=candidate,
                title=title,
                location=str(folder),
                created_by=principal.id,
                created_at=datetime.now(UTC),
            )
            try:
                await self.projects.add(record)
            except ProjectExists:
                if attempt == len(ids):
                    raise
            else:
                return record
        raise AssertionError("the last candidate is returned or raises")


def id_from_name(folder: Path) -> str:
    """Return a project id from the folder's name; where no letter can be kept, from its path."""
    slug = _NOT_IN_AN_ID.sub("-", folder.name).strip("._-")[:_LONGEST_ID]
    return slug or id_from_path(folder)


def id_from_path(folder: Path) -> str:
    """Return an id that no other folder has: the name with a mark made of the whole path."""
    mark = sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:_MARK_LENGTH]
    slug = _NOT_IN_AN_ID.sub("-", folder.name).strip("._-")[:_LONGEST_ID]
    return f"{slug or 'project'}-{mark}"


def _find_folder(path: str, roots: Sequence[Path] | None) -> Path:
    """Return the folder itself, every link followed; with `roots`, only one below them.

    Outside of `roots` all paths look alike, whether there is something or not.
    """
    try:
        folder = Path(path).expanduser().resolve()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no such home, a NUL
        raise (FolderMissing(path) if roots is None else FolderRefused()) from error
    if roots is not None and not any(
        folder.is_relative_to(root.expanduser().resolve()) for root in roots
    ):
        raise FolderRefused
    if not is_folder:
        raise FolderMissing(path)
    return folder


def _require_admin(principal: Principal) -> None:
    if "admin" not in principal.scopes:
        raise NotAllowed("admin")
