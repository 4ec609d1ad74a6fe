"""The files of one provider of one node, in the stand-in for GakuNin RDM.

A storage keeps every version of every file, and its listings ready as JSON: a folder of 12,000
files is serialised once after each change.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

LINKED_HOST: Final = "http://wb.internal.invalid"
"""What WaterButler's links name: a host that clients cannot reach and must not try."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes in memory or on disk, with what can be said about them."""

    source: bytes | Path
    size: int
    md5: str
    sha256: str

    @classmethod
    def of(cls, source: bytes | Path) -> "Content":
        if isinstance(source, bytes):
            md5 = hashlib.md5(source, usedforsecurity=False).hexdigest()
            return cls(source, len(source), md5, hashlib.sha256(source).hexdigest())
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return cls(source, source.stat().st_size, md5, sha256)

    def read(self, start: int, stop: int) -> bytes:
        if isinstance(self.source, bytes):
            return self.source[start:stop]
        with self.source.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a kind of storage tells of its files, and how it hands them out."""

    has_ids: bool = False
    """Paths are opaque ids, which a file keeps when it is moved."""
    hashes: tuple[Literal["md5", "sha256"], ...] = ()
    etag: Literal["content", "revision"] | None = "revision"
    """A `revision` changes with each upload, also of equal content."""
    has_modified: bool = True
    has_versions: bool = False
    redirects: bool = False
    """Downloads are answered with a redirect to a signed address on the storage host."""
    page: int | None = None
    """Entries in one answer to a listing; more are had with `next_token`. None: always all."""


STYLES: Final[Mapping[str, Style]] = {
    "osfstorage": Style(has_ids=True, hashes=("md5", "sha256"), has_versions=True),
    "s3": Style(hashes=("md5",), etag="content", redirects=True, page=1000),
    "s3compat": Style(hashes=("md5",), etag="content", redirects=True, page=1000),
    "googledrive": Style(hashes=("md5",), has_versions=True),
    "onedrive": Style(has_ids=True, redirects=True),
    "github": Style(etag="content", has_modified=False),
    "weko": Style(etag=None),
}
"""Those that differ from `Style()`; all others (Nextcloud, Dropbox, …) are like that."""


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    content: Content
    modified: datetime
    revision: int
    """Counts all uploads to the storage."""


@dataclass(slots=True, eq=False)
class StoredFile:
    entry_id: str
    materialized: str
    versions: list[Version]
    created: datetime
    disguise: Mapping[str, object] = field(default_factory=dict[str, object])
    """Attributes that the listing gives instead of the true ones."""

    @property
    def name(self) -> str:
        return self.materialized.rpartition("/")[2]

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    @property
    def state(self) -> tuple[int, datetime]:
        return self.latest.content.size, self.latest.modified

    def version(self, number: str | None) -> Version | None:
        """Return the version of that number, the latest for None; None where there is none."""
        if number is None:
            return self.latest
        return next((one for one in self.versions if str(one.number) == number), None)


@dataclass(slots=True, eq=False)
class StoredFolder:
    entry_id: str
    materialized: str
    children: dict[str, "StoredFile | StoredFolder"] = field(
        default_factory=dict[str, "StoredFile | StoredFolder"]
    )
    listing: Mapping[str, bytes] | None = None
    """Pages by the token that asks for them, once they were asked for; the first has none."""

    @property
    def name(self) -> str:
        return self.materialized.rstrip("/").rpartition("/")[2]


Entry = StoredFile | StoredFolder


class Storage:
    """Files and folders by materialized path (`/実験/`, `/実験/メモ.txt`) and by handle."""

    def __init__(self, node: str, provider: str, style: Style) -> None:
        self.node = node
        self.provider = provider
        self.style = style
        self.failing: int | None = None
        """Status of every answer of WaterButler about this provider, while it fails."""
        self.root = StoredFolder("", "/")
        self._by_handle: dict[str, Entry] = {"/": self.root}
        self._uploads = 0
        self._entries = 0

    def find(self, handle: str) -> Entry | None:
        """Return the entry that requests call by this path, in the way of this storage."""
        return self._by_handle.get(handle)

    def at(self, materialized: str) -> Entry | None:
        """Return the entry that people see at this path."""
        here: Entry = self.root
        for name in materialized.strip("/").split("/") if materialized != "/" else ():
            if not isinstance(here, StoredFolder) or name not in here.children:
                return None
            here = here.children[name]
        return here

    def file_at(self, materialized: str) -> StoredFile:
        entry = self.at(materialized)
        if not isinstance(entry, StoredFile):
            raise KeyError(f"{self.node}/{self.provider}{materialized}")
        return entry

    def handle_of(self, entry: Entry) -> str:
        if not self.style.has_ids or entry is self.root:
            return entry.materialized
        return f"/{entry.entry_id}/" if isinstance(entry, StoredFolder) else f"/{entry.entry_id}"

    def files(self, under: StoredFolder | None = None) -> Iterator[StoredFile]:
        for entry in (under or self.root).children.values():
            if isinstance(entry, StoredFolder):
                yield from self.files(entry)
            else:
                yield entry

    def make_folder(self, materialized: str) -> StoredFolder:
        """Return the folder at this path, made with those above it where missing."""
        here, path = self.root, "/"
        for name in filter(None, materialized.split("/")):
            path = f"{path}{name}/"
            below = here.children.get(name)
            if not isinstance(below, StoredFolder):
                below = StoredFolder(self._next_id(), path)
                self._adopt(here, below)
            here = below
        return here

    def put(self, materialized: str, content: Content, modified: datetime) -> StoredFile:
        """Upload: a new file, or the next version of the one that is there."""
        self._uploads += 1
        folder = self.make_folder(materialized.rpartition("/")[0])
        name = materialized.rpartition("/")[2]
        there = folder.children.get(name)
        if isinstance(there, StoredFile):
            number = there.latest.number + 1
            there.versions.append(Version(number, content, modified, self._uploads))
            if not self.style.has_versions:
                del there.versions[:-1]
            folder.listing = None
            return there
        version = Version(1, content, modified, self._uploads)
        file = StoredFile(self._next_id(), materialized, [version], modified)
        self._adopt(folder, file)
        return file

    def disguise(self, materialized: str, attributes: Mapping[str, object]) -> None:
        self.file_at(materialized).disguise = attributes
        self.make_folder(materialized.rpartition("/")[0]).listing = None

    def remove(self, materialized: str) -> Entry:
        """Take the file or folder away, with all below it, and return it."""
        entry = self.at(materialized)
        if entry is None or entry is self.root:
            raise KeyError(f"{self.node}/{self.provider}{materialized}")
        folder = self.make_folder(entry.materialized.rstrip("/").rpartition("/")[0])
        del folder.children[entry.name]
        folder.listing = None
        for gone in _with_all_below(entry):
            del self._by_handle[self.handle_of(gone)]
        return entry

    def move(self, old: str, new: str) -> Entry:
        """Give a file or folder another path; ids, versions and times stay.

        What is at the new path is replaced.
        """
        entry = self.remove(old)
        if self.at(new) is not None:
            self.remove(new)
        self._place(self.make_folder(new.rstrip("/").rpartition("/")[0]), entry, new)
        return entry

    def document(self, entry: Entry) -> dict[str, object]:
        """Return the entry as WaterButler describes it."""
        handle = self.handle_of(entry)
        whole: dict[str, object] = {
            "extra": {},
            "kind": "folder",
            "name": entry.name,
            "path": handle,
            "provider": self.provider,
            "materialized": entry.materialized,
            "etag": self._etag(entry),
            "size": None,
            "sizeInt": None,
            "resource": self.node,
        }
        if isinstance(entry, StoredFile):
            whole |= {"kind": "file", "extra": self._extra(entry), **self._facts(entry)}
            whole |= entry.disguise
        return {
            "id": f"{self.provider}{handle}",
            "type": "files",
            "attributes": whole,
            "links": self._links(handle, is_file=isinstance(entry, StoredFile)),
        }

    def listing(self, folder: StoredFolder, token: str) -> bytes:
        """Return the answer to a request for the folder's children; the first page for `""`."""
        if folder.listing is None:
            folder.listing = self._pages(list(folder.children.values()))
        return folder.listing.get(token, b'{"data": []}')

    def _adopt(self, folder: StoredFolder, entry: Entry) -> None:
        folder.children[entry.name] = entry
        folder.listing = None
        self._by_handle[self.handle_of(entry)] = entry

    def _place(self, folder: StoredFolder, entry: Entry, materialized: str) -> None:
        is_folder = isinstance(entry, StoredFolder)
        entry.materialized = f"{materialized.rstrip('/')}/" if is_folder else materialized
        self._adopt(folder, entry)
        if isinstance(entry, StoredFolder):
            for child in list(entry.children.values()):
                self._place(entry, child, f"{entry.materialized}{child.name}")

    def _pages(self, children: Sequence[Entry]) -> dict[str, bytes]:
        size = self.style.page or max(1, len(children))
        pages: dict[str, bytes] = {}
        for at in range(0, max(1, len(children)), size):
            page = children[at : at + size]
            more = at + size < len(children)
            told: dict[str, object] = {"data": [self.document(child) for child in page]}
            told |= {"next_token": page[-1].materialized} if more else {}
            token = children[at - 1].materialized if at else ""
            pages[token] = json.dumps(told).encode()
        return pages

    def _next_id(self) -> str:
        self._entries += 1
        made_of = f"{self.node}/{self.provider}/{self._entries}"
        return hashlib.sha256(made_of.encode()).hexdigest()[:24]

    def _etag(self, entry: Entry) -> str:
        told: str | None = None
        if isinstance(entry, StoredFile) and self.style.etag == "content":
            told = entry.latest.content.md5
        elif isinstance(entry, StoredFile) and self.style.etag == "revision":
            told = f"{entry.latest.revision}::{self.handle_of(entry)}"
        return hashlib.sha256(f"{self.provider}::{told}".encode()).hexdigest()

    def _facts(self, file: StoredFile) -> dict[str, object]:
        latest = file.latest
        modified = latest.modified.astimezone(UTC) if self.style.has_modified else None
        return {
            "contentType": mimetypes.guess_type(file.name)[0],
            "modified": format_datetime(modified) if modified else None,
            "modified_utc": modified.isoformat(timespec="seconds") if modified else None,
            "created_utc": file.created.isoformat(timespec="seconds") if modified else None,
            "size": latest.content.size,
            "sizeInt": latest.content.size,
        }

    def _extra(self, file: StoredFile) -> dict[str, object]:
        latest = file.latest
        hashes = {name: getattr(latest.content, name) for name in self.style.hashes}
        extra: dict[str, object] = {"hashes": hashes} if hashes else {}
        if self.provider == "osfstorage":
            own = {"guid": None, "version": latest.number, "downloads": 0, "checkout": None}
            return {**own, "latestVersionSeen": None, **extra}
        return extra | ({"revisionId": str(latest.number)} if self.style.has_versions else {})

    def _links(self, handle: str, *, is_file: bool) -> dict[str, str]:
        at = f"{LINKED_HOST}/v1/resources/{self.node}/providers/{self.provider}{quote(handle)}"
        links = {"move": at, "upload": f"{at}?kind=file", "delete": at}
        return links | ({"download": at} if is_file else {"new_folder": f"{at}?kind=folder"})


def copy_of(storage: Storage, node: str) -> Storage:
    """Return a frozen copy for a registration, with ids of its own."""
    copy = Storage(node, storage.provider, replace(storage.style, redirects=False))
    for file in storage.files():
        copy.put(file.materialized, file.latest.content, file.latest.modified)
    return copy


def _with_all_below(entry: Entry) -> Iterator[Entry]:
    yield entry
    if isinstance(entry, StoredFolder):
        for child in entry.children.values():
            yield from _with_all_below(child)
