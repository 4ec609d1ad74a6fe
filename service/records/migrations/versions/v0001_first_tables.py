"""API keys, projects, indexed files and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_IS_RUNNING = sa.text("status = 'running'")


def upgrade() -> None:
    """Create the first tables."""
    _create_keys()
    _create_projects()
    _create_jobs()


def _create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("principal_id", sa.String(128), nullable=False, index=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("projects", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("last_used_at", _MOMENT),
    )


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("indexed_at", _MOMENT),
    )
    op.create_table(
        "indexed_files",
        sa.Column(
            "project_id",
            sa.String(128),
            sa.ForeignKey("projects.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("file_id", sa.String(512), primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.Column("indexed_at", _MOMENT, nullable=False),
        sa.Column("failure_code", sa.String(64)),
        sa.Column("failure_message", sa.Text),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "project_id",
            sa.String(128),
            sa.ForeignKey("projects.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("report", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.Column("lease_owner", sa.String(36)),
        sa.Column("lease_until", _MOMENT),
    )
    op.create_index(
        "one_running_job_per_project",
        "jobs",
        ["project_id"],
        unique=True,
        sqlite_where=_IS_RUNNING,
        postgresql_where=_IS_RUNNING,
    )
    op.create_index("jobs_by_status", "jobs", ["status", "created_at"])


def downgrade() -> None:
    """Drop them; their content is lost."""
    for table in ("jobs", "indexed_files", "projects", "api_keys"):
        op.drop_table(table)
