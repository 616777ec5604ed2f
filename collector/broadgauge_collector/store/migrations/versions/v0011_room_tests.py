"""Tests of rooms under way, so that a page may end at another collector than it began."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One row a test, gone soon after it ended."""
    op.create_table(
        "room_test",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("test", sa.Text, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_room_test"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_room_test_school_id"),
    )
    op.create_index("ix_room_test_school_id", "room_test", ["school_id"])
