"""Sources, nodes of GakuNin RDM, linked tokens, request budgets, cancelled jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_NODE_COLUMNS = (
    ("instance", sa.String(8)),
    ("node", sa.String(64)),
    ("parent_node", sa.String(64)),
    ("link", sa.Text),
    ("log_mark", sa.String(64)),
    ("listed_at", _MOMENT),
)
_FLAGS = ("is_public", "is_registration", "gone")


def upgrade() -> None:
    """Add what sources need; a project that is there already is a source of its own."""
    _extend_projects()
    _create_sources()
    _create_linked_tokens()
    _create_request_budgets()
    op.add_column("indexed_files", sa.Column("link", sa.Text))
    op.add_column("indexed_files", sa.Column("source_version", sa.Text))
    op.add_column("jobs", _flag("cancel_requested"))


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _extend_projects() -> None:
    # Column by column: SQLite would make the table anew for anything else, and what refers to it
    # would go with the old one.
    for name, kind in _NODE_COLUMNS:
        op.add_column("projects", sa.Column(name, kind))
    for name in _FLAGS:
        op.add_column("projects", _flag(name))
    op.add_column(
        "projects", sa.Column("source_id", sa.String(128), nullable=False, server_default="")
    )
    op.execute("UPDATE projects SET source_id = id")
    op.create_index("ix_projects_source_id", "projects", ["source_id"])
    op.create_index("one_project_per_node", "projects", ["instance", "node"], unique=True)


def _create_sources() -> None:
    op.create_table(
        "sources",
        sa.Column(
            "project_id",
            sa.String(128),
            sa.ForeignKey("projects.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("sync_every_s", sa.Double),
        sa.Column("next_sync_at", _MOMENT, index=True),
        sa.Column("with_registrations", sa.Boolean, nullable=False),
    )
    op.execute(
        "INSERT INTO sources (project_id, with_registrations) SELECT id, FALSE FROM projects"
    )


def _create_linked_tokens() -> None:
    op.create_table(
        "linked_tokens",
        sa.Column("subject", sa.String(160), primary_key=True),
        sa.Column("instance", sa.String(8), primary_key=True),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        sa.Column("sealed_with", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=False),
    )


def _create_request_budgets() -> None:
    op.create_table(
        "request_budgets",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("next_free_at", sa.Double, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop it again; sources other than folders are lost, with what was indexed of them."""
    op.execute("DELETE FROM projects WHERE kind <> 'folder'")
    op.drop_column("jobs", "cancel_requested")
    op.drop_column("indexed_files", "source_version")
    op.drop_column("indexed_files", "link")
    for table in ("request_budgets", "linked_tokens", "sources"):
        op.drop_table(table)
    op.drop_index("one_project_per_node", "projects")
    op.drop_index("ix_projects_source_id", "projects")
    for name in ("source_id", *_FLAGS, *(name for name, _ in _NODE_COLUMNS)):
        op.drop_column("projects", name)
