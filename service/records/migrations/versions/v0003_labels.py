"""What people labelled a file with, and when it was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the labels; the next sync of a source fills them in, without reading its files."""
    op.add_column("indexed_files", sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("indexed_files", sa.Column("modified", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("indexed_files", "modified")
    op.drop_column("indexed_files", "tags")
