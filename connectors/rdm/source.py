"""One project, component or registration of RDM as a project of ours: files, wiki, metadata."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.ports import Listing, SourceFile, UnlistedPart
from connectors.problems import (
    SourceFileChanged,
    SourceFileProblem,
    SourceFileTooLarge,
    SourceFileUnavailable,
    SourceFileUnreadable,
)
from connectors.rdm.about import about_text
from connectors.rdm.api import RdmApi
from connectors.rdm.client import RdmSession
from connectors.rdm.documents import understood
from connectors.rdm.found import ABOUT, WIKI, Found, found_about, found_entry, found_page, named
from connectors.rdm.metadata import DescribedFile, MetadataAnswer
from connectors.rdm.models import Node
from connectors.rdm.problems import RdmForbidden, RdmGone, RdmRequestRefused, RdmUnavailable
from connectors.rdm.walk import FAILURES_IN_A_ROW, ProviderWalk


@dataclass(kw_only=True, slots=True)
class RdmSource:
    """Implements `connectors.ports.ProjectSource` for one node; those below it are not in it.

    Files have the paths and ids that they have where rdmfs mounts the node. Beside them are the
    pages of the wiki, `wiki/NAME.md`, and where more than a title is said of the node, the document
    `about/project.md`. Made for one sync: it remembers what the last listing said.
    """

    project_id: str
    title: str
    node: Node
    session: RdmSession
    max_file_bytes: int
    _about: bytes = field(default=b"", init=False, repr=False)
    _failures: Counter[str] = field(default_factory=Counter[str], init=False, repr=False)

    async def list_files(self) -> Listing:
        """Return every file worth indexing, by path, and the storages and folders that failed.

        Costs three requests to the API and web server, and one to the file server for each folder.

        Raises:
            RdmGone, RdmForbidden: the node cannot be read any more.
            RdmTokenRefused, RdmUnavailable, RdmRequestRefused, RdmBudgetSpent: nothing is known.
        """
        api = RdmApi(self.session)
        providers = await api.providers(self.node)
        parts = (await self._wiki(api), await self._described(), await self._stored(providers))
        return Listing(
            files=named(self.project_id, [file for files, _ in parts for file in files]),
            unlisted=[part for _, unlisted in parts for part in unlisted],
        )

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Write the listed version of the file into `folder`, and return where.

        A storage that has failed several times in a row is not asked any further.

        Raises:
            SourceFileProblem: it cannot be had; the others may.
            RdmTokenRefused, RdmBudgetSpent: no other can be had either.
        """
        part = WIKI if file.locator.startswith(WIKI) else file.locator.partition("/")[0]
        target = folder / file.file_id
        try:
            if self._failures[part] >= FAILURES_IN_A_ROW:
                raise SourceFileUnavailable(reason="several files beside it could not be had")
            await self._write(file, target)
        except SourceFileProblem as problem:
            has_failed = isinstance(problem, SourceFileUnavailable)
            self._failures[part] = self._failures[part] + 1 if has_failed else 0
            raise
        self._failures[part] = 0
        return target

    async def _wiki(self, api: RdmApi) -> tuple[Sequence[Found], Sequence[UnlistedPart]]:
        """Return the wiki's pages; that it is not there, though the tree counts them, is no news.

        Raises:
            RdmGone: the node itself is deleted.
        """
        try:
            pages = await api.wikis(self.node)
        except (RdmUnavailable, RdmForbidden, RdmRequestRefused, RdmGone) as problem:
            if isinstance(problem, RdmGone) and problem.is_deleted:
                raise
            return [], [UnlistedPart("wiki/", problem)]
        return [found_page(page, self.node) for page in pages], []

    async def _described(self) -> tuple[Sequence[Found], Sequence[UnlistedPart]]:
        """Return the document about the node, if there is something to say."""
        try:
            described = await self._metadata()
        except RdmUnavailable as problem:
            return [], [UnlistedPart("about/", problem)]
        self._about = (about_text(self.node, described) or "").encode()
        return [found_about(self._about, self.node)] if self._about else [], []

    async def _metadata(self) -> Sequence[DescribedFile]:
        """Return what RDM's add-on says; nothing where it is not used, or not for this account."""
        name = self.session.client.name
        if name != "rdm":
            return ()
        try:
            path = f"api/v1/project/{self.node.node_id}/metadata/project"
            answer = await self.session.get_web(path)
        except (RdmForbidden, RdmGone, RdmRequestRefused):
            return ()
        return understood(MetadataAnswer, answer, name=name, role="web server").described()

    async def _stored(
        self, providers: Sequence[str]
    ) -> tuple[Sequence[Found], Sequence[UnlistedPart]]:
        walks = [
            ProviderWalk(session=self.session, node_id=self.node.node_id, provider=provider)
            for provider in providers
        ]
        async with asyncio.TaskGroup() as group:
            for walk in walks:
                group.create_task(walk.run())
        return (
            [
                found_entry(entry, self.node, max_bytes=self.max_file_bytes)
                for walk in walks
                for entry in walk.files
            ],
            [part for walk in walks for part in walk.unlisted],
        )

    async def _write(self, file: SourceFile, target: Path) -> None:
        if file.locator == ABOUT:
            await self._write_text(self._about, target)
        elif file.locator.startswith(WIKI):
            await self._write_text(await self._page(file.locator.removeprefix(WIKI)), target)
        elif file.locator:
            await self._download(file, target)
        else:
            raise SourceFileUnreadable(reason="its storage does not say how to ask for it")

    async def _download(self, file: SourceFile, target: Path) -> None:
        provider, _, path = file.locator.partition("/")
        await self.session.download(
            self.node.node_id,
            provider,
            f"/{path}",
            target,
            size=file.size or None,  # 0 is also said where the size is not known
            sha256=file.sha256,
            version=file.source_version,
            limit=self.max_file_bytes,
        )

    async def _page(self, wiki_id: str) -> bytes:
        """Return the text of a wiki page as it is now."""
        try:
            return await RdmApi(self.session).wiki_text(wiki_id, limit=self.max_file_bytes)
        except RdmGone as problem:
            raise SourceFileChanged from problem
        except RdmForbidden as problem:
            raise SourceFileUnreadable(reason=problem.message) from problem
        except (RdmUnavailable, RdmRequestRefused) as problem:
            raise SourceFileUnavailable(reason=problem.message) from problem

    async def _write_text(self, text: bytes, target: Path) -> None:
        if len(text) > self.max_file_bytes:
            raise SourceFileTooLarge(size=len(text), limit=self.max_file_bytes)
        await asyncio.to_thread(target.write_bytes, text)
