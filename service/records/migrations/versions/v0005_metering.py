"""What keys and persons may use of models, what they hold, and what they used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Let the keys that are there call every model, without limits."""
    op.add_column("api_keys", sa.Column("models", sa.JSON, nullable=False, server_default='["*"]'))
    op.add_column("api_keys", sa.Column("limits", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("api_keys", sa.Column("family", sa.String(32), nullable=False, server_default=""))
    op.execute("UPDATE api_keys SET family = id")
    op.create_index("ix_api_keys_family", "api_keys", ["family"])
    _create_limits()
    _create_usage()


def _create_limits() -> None:
    op.create_table(
        "person_limits",
        sa.Column("principal_id", sa.String(128), primary_key=True),
        sa.Column("limits", sa.JSON, nullable=False),
    )
    op.create_table(
        "limits_taken",
        sa.Column("subject", sa.String(160), primary_key=True),
        sa.Column("measure", sa.String(16), primary_key=True),
        sa.Column("span", sa.String(24), primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_limits_taken_ends_at", "limits_taken", ["ends_at"])
    op.create_table(
        "streams_held",
        sa.Column("subject", sa.String(160), primary_key=True),
        sa.Column("holder", sa.String(36), primary_key=True),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
    )


def _create_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=False),
        sa.Column("principal_id", sa.String(128), nullable=False),
        sa.Column("key_id", sa.String(32)),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("asked_model", sa.String(200), nullable=False),
        sa.Column("is_stream", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("audio_s", sa.Double, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("microyen", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("first_byte_s", sa.Double),
    )
    op.create_index("usage_by_time", "usage", ["ended_at"])
    op.create_index("usage_by_person", "usage", ["principal_id", "ended_at"])


def downgrade() -> None:
    """Forget limits and usage."""
    for table in ("usage", "streams_held", "limits_taken", "person_limits"):
        op.drop_table(table)
    op.drop_index("ix_api_keys_family", "api_keys")
    for column in ("family", "limits", "models"):
        op.drop_column("api_keys", column)
