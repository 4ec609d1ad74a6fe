"""What GakuNin RDM and OSF know of a project, in our words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Permission = Literal["read", "write", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom a token belongs to (`GET users/me/`)."""

    user_id: str
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A project, a component of one, or a registration; each has contributors of its own."""

    node_id: str
    title: str
    description: str
    category: str
    tags: Sequence[str]
    is_public: bool
    is_registration: bool
    has_wiki: bool
    parent: str | None
    """Id of the node it is a component of, also where the caller may not read that one."""
    root: str
    """Id of the project at the top; its own where it is one."""
    permissions: frozenset[Permission]
    """What the token's owner may do with it; empty on a public node of others."""
    modified: datetime | None
    link: str
    """Its page, for people."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """That something has happened to a node; what it was does not matter."""

    log_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What a token's owner contributes to; being an administrator covers all components below."""

    contributed: frozenset[str]
    administered: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """A file or folder as WaterButler lists it."""

    kind: Literal["file", "folder"]
    provider: str
    name: str
    path: str
    """Handle for requests: an opaque id on osfstorage, a real path elsewhere; begins with `/`."""
    materialized: str
    """Path that people see, in the provider's own spelling; begins with `/`."""
    size: int | None
    modified: datetime | None
    etag: str | None
    sha256: str | None
    md5: str | None
    version: str | None
    """Number or name of the version; osfstorage counts from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiPage:
    """A page of a node's wiki; its content is Markdown."""

    wiki_id: str
    name: str
    version: str
    size: int | None
    modified: datetime | None
