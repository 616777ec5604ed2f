"""Rooms with a code that lets browsers test them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
NAME_KEY = sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")


def upgrade() -> None:
    """One row a room. A code that is withdrawn is a row that is gone."""
    op.create_table(
        "room",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", NAME_KEY, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_room"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_room_school_id"),
        sa.UniqueConstraint("school_id", "name_key", name="uq_room_school_id_name_key"),
        sa.UniqueConstraint("code", name="uq_room_code"),
    )
