"""Folders as WaterButler lists them: what is in them, by which path, and in which version."""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator

from connectors.rdm.documents import LenientTime, mapping_or_empty
from connectors.rdm.models import StoredEntry

OSFSTORAGE: Final = "osfstorage"
"""RDM's own storage: the one of which versions are known to be numbers to ask for."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MD5: Final = re.compile(r"[0-9a-f]{32}")


def _hash_or_none(form: re.Pattern[str]) -> BeforeValidator:
    """Take for a hash only what has its form."""

    def read(value: object) -> str | None:
        text = value.lower() if isinstance(value, str) else ""
        return text if form.fullmatch(text) else None

    return BeforeValidator(read)


def _size_or_none(value: object) -> int | None:
    """Read `12` and `"12"`; less than nothing is no size, nor is more than any disk holds."""
    try:
        size = int(value) if isinstance(value, int | str) else -1
    except ValueError:
        return None
    return size if 0 <= size < 2**63 else None


def _word_or_none(value: object) -> str | None:
    return str(value) if isinstance(value, int | str) and value != "" else None


_Size = Annotated[int | None, BeforeValidator(_size_or_none)]
_Word = Annotated[str | None, BeforeValidator(_word_or_none)]


class _Hashes(BaseModel):
    md5: Annotated[str | None, _hash_or_none(_MD5)] = None
    sha256: Annotated[str | None, _hash_or_none(_SHA256)] = None


class _Extra(BaseModel):
    version: _Word = None
    hashes: Annotated[_Hashes, BeforeValidator(mapping_or_empty)] = _Hashes()


class _Attributes(BaseModel):
    kind: Literal["file", "folder"]
    name: str
    path: str
    etag: _Word = None
    size: _Size = None
    sizeInt: _Size = None  # noqa: N815 - WaterButler's name
    modified_utc: LenientTime = None
    extra: Annotated[_Extra, BeforeValidator(mapping_or_empty)] = _Extra()


class _Entry(BaseModel):
    attributes: _Attributes

    def stored(self, provider: str, folder: str) -> StoredEntry:
        said = self.attributes
        end = "/" if said.kind == "folder" else ""
        return StoredEntry(
            kind=said.kind,
            provider=provider,
            name=said.name,
            path=said.path,
            materialized=f"{folder}{part_of_path(said.name)}{end}",
            size=said.sizeInt if said.sizeInt is not None else said.size,
            modified=said.modified_utc,
            etag=said.etag,
            sha256=said.extra.hashes.sha256,
            md5=said.extra.hashes.md5,
            version=said.extra.version if provider == OSFSTORAGE else None,
        )


class FolderAnswer(BaseModel):
    """The files and folders in one folder, or a part of them."""

    data: Sequence[_Entry]
    next_token: str | None = None
    """What to ask for the next part with; RDM's WaterButler gives it for large folders of S3."""

    def entries(self, provider: str, folder: str) -> list[StoredEntry]:
        """Return them in our words; `folder` is the materialized path of the one listed.

        A file's materialized path is made of the names on the way to it, so that it lies in the
        folder that was asked for, whatever the answer says.
        """
        return [entry.stored(provider, folder) for entry in self.data]


def part_of_path(name: str) -> str:
    """Return a name as one part of a path: it leads neither up nor down, nor nowhere."""
    part = name.replace("/", "\ufffd")
    return "\ufffd" * max(1, len(part)) if part in {"", ".", ".."} else part


def is_usable(path: str, *, kind: Literal["file", "folder"]) -> bool:
    """Tell whether a handle begins and ends as that of such an entry of the provider does."""
    return path.startswith("/") and path.endswith("/") == (kind == "folder")


def version_of(entry: StoredEntry) -> str | None:
    """Return what changes with a file's content; None where the listing tells nothing of it.

    Its SHA-256 in hex; else its MD5; else what the provider tells of the state: its etag, size and
    time of change. The last alone proves nothing, it may be missing or go backwards.
    """
    if entry.sha256 or entry.md5:
        return entry.sha256 or f"md5:{entry.md5}"
    if entry.etag is None and entry.modified is None:
        return None
    state = f"{entry.etag}\n{entry.size}\n{entry.modified}"
    return f"etag:{hashlib.sha256(state.encode()).hexdigest()}"
