"""Which collection answers; records of files for each collection."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_NAME = sa.String(128)
_KEPT = (
    *("project_id", "file_id", "path", "version", "fingerprint", "status", "passages"),
    *("indexed_at", "failure_code", "failure_message", "link", "source_version", "tags"),
    "modified",
)
_FILES = sa.table("indexed_files", *map(sa.column, ("collection", *_KEPT)))
_ASIDE = sa.table("files_aside", *map(sa.column, ("collection", *_KEPT)))


def upgrade() -> None:
    """Let files be recorded once for each collection; of which the old ones are, is known later.

    The first service to open the database takes them for those of the collection it is set to.
    """
    op.create_table(
        "generations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("active", _NAME, nullable=False),
        sa.Column("active_model", sa.Text, nullable=False),
        sa.Column("other", _NAME),
        sa.Column("other_model", sa.Text),
        sa.Column("other_is", sa.String(8)),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("progress", sa.JSON),
        sa.Column("verification", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("switched_at", _MOMENT),
        sa.Column("lease_owner", sa.String(36)),
        sa.Column("lease_until", _MOMENT),
    )
    _make_files(sa.Column("collection", _NAME, primary_key=True))
    old = sa.select(sa.literal(""), *(_FILES.c[name] for name in _KEPT))
    op.execute(sa.insert(_ASIDE).from_select(["collection", *_KEPT], old))
    _replace_files()


def downgrade() -> None:
    """Keep the records of the active collection; what the other one holds must be made anew."""
    _make_files()
    generations = sa.table("generations", sa.column("active", _NAME))
    active = sa.select(generations.c.active).scalar_subquery()
    answering = _FILES.c.collection == sa.func.coalesce(active, "")
    kept = sa.select(*(_FILES.c[name] for name in _KEPT)).where(answering)
    op.execute(sa.insert(_ASIDE).from_select(list(_KEPT), kept))
    _replace_files()
    op.drop_table("generations")


def _make_files(*collection: sa.Column[str]) -> None:
    """Make the table anew, aside: SQLite cannot change a primary key."""
    op.create_table(
        "files_aside",
        sa.Column(
            "project_id",
            sa.String(128),
            sa.ForeignKey("projects.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        *collection,
        sa.Column("file_id", sa.String(512), primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.Column("indexed_at", _MOMENT, nullable=False),
        sa.Column("failure_code", sa.String(64)),
        sa.Column("failure_message", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("source_version", sa.Text),
        sa.Column("tags", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("modified", _MOMENT),
    )


def _replace_files() -> None:
    op.drop_table("indexed_files")
    op.rename_table("files_aside", "indexed_files")
