"""What a project was found to have, as files of ours: their paths, versions and links."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from connectors.paths import FileIds, shown_path
from connectors.ports import SourceFile
from connectors.rdm.links import file_page, wiki_page
from connectors.rdm.listing import is_usable, part_of_path, version_of
from connectors.rdm.models import Node, StoredEntry, WikiPage

ABOUT: Final = "about:"
"""The locator of the document about the project."""
WIKI: Final = "wiki:"
"""Begins the locators of wiki pages, followed by the page's id; others begin with a provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that has no id yet, as that depends on all the others."""

    spelled: str
    """Its path, as rdmfs would mount it, in the spelling of the storage."""
    size: int
    version: str
    locator: str
    link: str
    modified: datetime | None = None
    source_version: str | None = None
    tags: tuple[str, ...] = ()
    """Those of the node: the listing of its files has none of theirs."""

    def named(self, ids: FileIds) -> SourceFile:
        """Return it with the next id that is given."""
        return SourceFile(
            file_id=ids.give(self.spelled),
            path=shown_path(self.spelled),
            size=self.size,
            version=self.version,
            modified=self.modified,
            locator=self.locator,
            link=self.link,
            source_version=self.source_version,
            tags=self.tags,
        )


def found_entry(entry: StoredEntry, node: Node, *, max_bytes: int) -> Found:
    """Return a file of a storage; one that cannot be asked for has no locator.

    A size that is not known is 0. One that shows no version is taken to have changed each time. One
    of more than `max_bytes`, which is not read, has another version than it has once it is.
    """
    size = entry.size or 0
    version = version_of(entry) or f"unknown:{uuid4().hex}"
    has_handle = is_usable(entry.path, kind="file")
    return Found(
        spelled=f"{entry.provider}{entry.materialized}",
        size=size,
        version=f"unread:{version}" if size > max_bytes else version,
        locator=f"{entry.provider}{entry.path}" if has_handle else "",
        link=file_page(node.link, entry.provider, entry.path) if has_handle else node.link,
        modified=entry.modified,
        source_version=entry.version,
        tags=_tags_of(node),
    )


def found_page(page: WikiPage, node: Node) -> Found:
    """Return a page of the wiki."""
    state = f"{page.wiki_id}\n{page.version}\n{page.modified}"
    return Found(
        spelled=f"wiki/{part_of_path(page.name)}.md",
        size=page.size or 0,
        version=f"{WIKI}{hashlib.sha256(state.encode()).hexdigest()}",
        locator=f"{WIKI}{page.wiki_id}",
        link=wiki_page(node.link, page.name),
        modified=page.modified,
        source_version=page.version or None,
        tags=_tags_of(node),
    )


def found_about(text: bytes, node: Node) -> Found:
    """Return the document about the project itself."""
    return Found(
        spelled="about/project.md",
        size=len(text),
        version=hashlib.sha256(text).hexdigest(),
        locator=ABOUT,
        link=node.link,
        tags=_tags_of(node),
    )


def named(project_id: str, found: Iterable[Found]) -> list[SourceFile]:
    """Give the files their ids, and return them by path: as a folder with the same files would.

    Of several with one path, which some storages allow and nobody could tell apart, the first
    counts.
    """
    by_path: dict[str, Found] = {}
    for each in found:
        by_path.setdefault(each.spelled, each)
    ids = FileIds(project_id)
    files = [by_path[spelled].named(ids) for spelled in sorted(by_path)]
    return sorted(files, key=lambda file: file.path)


def _tags_of(node: Node) -> tuple[str, ...]:
    """Return its tags in an order that does not depend on the answer's."""
    return tuple(sorted(set(node.tags)))
