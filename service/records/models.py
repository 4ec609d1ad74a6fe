"""The tables: keys, limits, usage, projects, sources, indexed files, collections, jobs, tokens."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database (SQLite keeps no time zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """Every table; alembic compares this metadata with the migrations in a test."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


class KeyRow(Row):
    """An API key. The key itself is not here: only a keyed hash of it."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    principal_id: Mapped[str] = mapped_column(String(128), index=True)
    scopes: Mapped[list[str]]
    projects: Mapped[list[str]]
    """Project ids, or `["*"]` for every project."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    models: Mapped[list[str]] = mapped_column(server_default='["*"]')
    """Ids of the models it may call, or `["*"]` for every model."""
    limits: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    family: Mapped[str] = mapped_column(String(32), index=True, server_default="")
    """The id of the first of the keys that replaced each other: limits count for all of them."""


class PersonLimitsRow(Row):
    """What all keys of a person may use together."""

    __tablename__ = "person_limits"

    principal_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    limits: Mapped[dict[str, Any]]


class TakenRow(Row):
    """How much of a limit is taken within a span of time, by all processes."""

    __tablename__ = "limits_taken"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    """Whose it is: `key:<family>` or `person:<principal id>`."""
    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    """`requests`, `tokens` or `microyen`."""
    span: Mapped[str] = mapped_column(String(24), primary_key=True)
    """Such as `minute:29410611`, `day:2026-11-25`, `month:2026-11`."""
    taken: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[datetime] = mapped_column(index=True)
    """When the row may go."""


class StreamsRow(Row):
    """How many calls at once a process holds for a subject; one that was killed lets them go."""

    __tablename__ = "streams_held"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    holder: Mapped[str] = mapped_column(String(36), primary_key=True)
    """The process."""
    held: Mapped[int]
    until: Mapped[datetime]


class UsageRow(Row):
    """A call of a model that has ended: what it used, never what it said."""

    __tablename__ = "usage"
    __table_args__ = (
        Index("usage_by_time", "ended_at"),
        Index("usage_by_person", "principal_id", "ended_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime]
    principal_id: Mapped[str] = mapped_column(String(128))
    key_id: Mapped[str | None] = mapped_column(String(32))
    endpoint: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(200))
    """The one that answered."""
    asked_model: Mapped[str] = mapped_column(String(200))
    is_stream: Mapped[bool]
    outcome: Mapped[str] = mapped_column(String(16))
    status: Mapped[int]
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    audio_s: Mapped[float] = mapped_column(Double)
    pages: Mapped[int]
    microyen: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float] = mapped_column(Double)
    first_byte_s: Mapped[float | None] = mapped_column(Double)


class ProjectRow(Row):
    """A project that this installation knows; `location` is where its files are."""

    __tablename__ = "projects"
    __table_args__ = (Index("one_project_per_node", "instance", "node", unique=True),)

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(32))
    location: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    source_id: Mapped[str] = mapped_column(String(128), index=True, server_default="")
    """The project that an operator added and that it came with; its own id where it is that one."""
    instance: Mapped[str | None] = mapped_column(String(8))
    node: Mapped[str | None] = mapped_column(String(64))
    parent_node: Mapped[str | None] = mapped_column(String(64))
    link: Mapped[str | None] = mapped_column(Text)
    is_public: Mapped[bool] = mapped_column(server_default=false())
    is_registration: Mapped[bool] = mapped_column(server_default=false())
    log_mark: Mapped[str | None] = mapped_column(String(64))
    """Newest log when the files were last listed; None while the index may lack something."""
    listed_at: Mapped[datetime | None]
    gone: Mapped[bool] = mapped_column(server_default=false())
    """The place that the files came from is no longer there, or no longer ours to read."""


class SourceRow(Row):
    """What an operator added, to be kept equal to its origin."""

    __tablename__ = "sources"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    sync_every_s: Mapped[float | None] = mapped_column(Double)
    next_sync_at: Mapped[datetime | None] = mapped_column(index=True)
    with_registrations: Mapped[bool]


class LinkedTokenRow(Row):
    """An RDM token, sealed: whoever has the database alone cannot use it."""

    __tablename__ = "linked_tokens"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    """Whose it is: `key:<key id>` or `source:<project id>`."""
    instance: Mapped[str] = mapped_column(String(8), primary_key=True)
    ciphertext: Mapped[bytes]
    sealed_with: Mapped[str] = mapped_column(String(64))
    """Id of the key that it was sealed with."""
    user_id: Mapped[str] = mapped_column(String(64))
    user_name: Mapped[str] = mapped_column(Text)
    linked_at: Mapped[datetime]


class RequestBudgetRow(Row):
    """How much of one token's allowance is used; the token is not here, only a keyed hash."""

    __tablename__ = "request_budgets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    next_free_at: Mapped[float] = mapped_column(Double)
    """Seconds since 1970 when the next request may be sent."""
    day: Mapped[int]
    """Days since 1970 (UTC) that `used` counts for."""
    used: Mapped[int]


class IndexedFileRow(Row):
    """What a collection holds of one file (`rag.ports.FileRecord`)."""

    __tablename__ = "indexed_files"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    collection: Mapped[str] = mapped_column(String(128), primary_key=True)
    file_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    path: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(128))
    fingerprint: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    passages: Mapped[int]
    indexed_at: Mapped[datetime]
    failure_code: Mapped[str | None] = mapped_column(String(64))
    failure_message: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(Text)
    source_version: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(server_default="[]")
    modified: Mapped[datetime | None]


class GenerationsRow(Row):
    """Which collection answers, and how far the move to another one is: one row for all."""

    __tablename__ = "generations"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    active: Mapped[str] = mapped_column(String(128))
    active_model: Mapped[str] = mapped_column(Text)
    other: Mapped[str | None] = mapped_column(String(128))
    other_model: Mapped[str | None] = mapped_column(Text)
    other_is: Mapped[str | None] = mapped_column(String(8))
    """`next` or `former`."""
    stage: Mapped[str] = mapped_column(String(16))
    progress: Mapped[dict[str, Any] | None]
    verification: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    switched_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]


class JobRow(Row):
    """A job that outlives the process: its row is written before its work begins."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "one_running_job_per_project",
            "project_id",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
        Index("jobs_by_status", "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    report: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    created_by: Mapped[str] = mapped_column(String(128))
    attempt: Mapped[int]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default=false())
