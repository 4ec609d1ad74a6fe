"""All files of one storage provider, folder by folder; what cannot be listed is named."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from connectors.paths import is_skipped_file, is_skipped_folder, shown_path
from connectors.ports import UnlistedPart
from connectors.rdm.client import RdmSession
from connectors.rdm.documents import understood
from connectors.rdm.listing import FolderAnswer, is_usable
from connectors.rdm.models import StoredEntry
from connectors.rdm.problems import RdmUnavailable
from contracts.problems import Problem

MAX_DEPTH: Final = 100
MAX_FOLDERS: Final = 100_000
"""Of one provider: more than projects have, so that a tree without an end ends."""
MAX_PARTS: Final = 10_000
"""Of the listing of one folder."""
FAILURES_IN_A_ROW: Final = 5
"""So many, and a provider is taken to be down: it is not asked any further."""
_AT_ONCE: Final = 16


class _Folder(NamedTuple):
    path: str
    materialized: str


@dataclass(kw_only=True, slots=True)
class ProviderWalk:
    """Lists one provider of a node, once; `files` and `unlisted` are complete after `run`."""

    session: RdmSession
    node_id: str
    provider: str
    files: list[StoredEntry] = field(default_factory=list[StoredEntry], init=False)
    """Those worth indexing, in no order."""
    unlisted: list[UnlistedPart] = field(default_factory=list[UnlistedPart], init=False)
    _seen: dict[str, str] = field(default_factory=lambda: {"/": "/"}, init=False)
    """The folders to be listed, by handle, with where they lie."""
    _failures: int = field(default=0, init=False)

    async def run(self) -> None:
        """List the root and all below it, some folders at a time.

        A folder that fails is left out with what is below it; the others are listed.
        """
        waiting = deque([_Folder("/", "/")])
        while waiting:
            some = [waiting.popleft() for _ in range(min(_AT_ONCE, len(waiting)))]
            async with asyncio.TaskGroup() as group:
                listed = [group.create_task(self._list(folder)) for folder in some]
            for entries in listed:
                waiting.extend(self._take(entries.result()))

    async def _list(self, folder: _Folder) -> list[StoredEntry]:
        """Return what is in the folder; nothing where it has to be left out."""
        if self._failures >= FAILURES_IN_A_ROW:
            self._leave_out(folder.materialized, self._refusal("it failed several times in a row"))
            return []
        try:
            entries = [entry async for entry in self._entries(folder)]
        except Problem as problem:
            self._failures += isinstance(problem, RdmUnavailable)
            self._leave_out(folder.materialized, problem)
            return []
        self._failures = 0
        return entries

    async def _entries(self, folder: _Folder) -> AsyncGenerator[StoredEntry]:
        token: str | None = None
        asked: set[str | None] = set()
        for _ in range(MAX_PARTS):
            answer = await self.session.list_folder(
                self.node_id, self.provider, folder.path, next_token=token
            )
            name = self.session.client.name
            part = understood(FolderAnswer, answer, name=name, role="file server")
            for entry in part.entries(self.provider, folder.materialized):
                yield entry
            if not part.next_token:
                return
            asked.add(token)
            if part.next_token in asked:
                raise self._refusal("a listing that does not go on")
            token = part.next_token
        raise self._refusal(f"a listing of more than {MAX_PARTS:,} parts")

    def _take(self, entries: Iterable[StoredEntry]) -> Iterable[_Folder]:
        """Keep the files worth indexing; yield the folders that are to be listed."""
        for entry in entries:
            if entry.kind == "file":
                if not is_skipped_file(entry.name):
                    self.files.append(entry)
            elif not is_skipped_folder(entry.name) and self._is_new(entry):
                if (reason := self._obstacle(entry)) is not None:
                    self._leave_out(entry.materialized, self._refusal(reason))
                    continue
                self._seen[entry.path] = entry.materialized
                yield _Folder(entry.path, entry.materialized)

    def _is_new(self, folder: StoredEntry) -> bool:
        """Tell it from one that two parts of a listing both name."""
        return self._seen.get(folder.path) != folder.materialized

    def _obstacle(self, folder: StoredEntry) -> str | None:
        if not is_usable(folder.path, kind="folder"):
            return "the path of a folder is none"
        if folder.path in self._seen:
            return "a folder lies in two places"
        if folder.materialized.count("/") > MAX_DEPTH + 1:
            return f"folders are nested more than {MAX_DEPTH} deep"
        if len(self._seen) >= MAX_FOLDERS:
            return f"there are more than {MAX_FOLDERS:,} folders"
        return None

    def _leave_out(self, materialized: str, problem: Problem) -> None:
        prefix = shown_path(f"{self.provider}{materialized}")
        self.unlisted.append(UnlistedPart(prefix, problem))

    def _refusal(self, reason: str) -> RdmUnavailable:
        return RdmUnavailable(self.session.client.name, "file server", reason=reason)
