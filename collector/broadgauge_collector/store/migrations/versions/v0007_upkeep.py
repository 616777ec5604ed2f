"""What upkeep did, what it is set to, where backups are, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Four tables."""
    op.create_table(
        "upkeep_run",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("task", sa.String(16), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("done", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep_run"),
    )
    op.create_table(
        "upkeep_setting",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_upkeep_setting"),
    )
    op.create_table(
        "backup",
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("directory", name="pk_backup"),
    )
    op.create_table(
        "erasure",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("pending", sa.Text),
        sa.PrimaryKeyConstraint("digest", name="pk_erasure"),
    )
