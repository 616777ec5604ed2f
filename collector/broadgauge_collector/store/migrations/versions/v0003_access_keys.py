"""Keys that test servers share with the collector."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A table of its own, so that whoever lists test servers never reads a key."""
    op.create_table(
        "access_key",
        sa.Column("reflector_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("reflector_id", name="pk_access_key"),
        sa.ForeignKeyConstraint(
            ["reflector_id"], ["reflector.id"], name="fk_access_key_reflector_id"
        ),
    )
