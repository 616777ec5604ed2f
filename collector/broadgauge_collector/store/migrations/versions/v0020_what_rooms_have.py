"""What rooms have, changes in machines, and rules of repairs, refresh and readiness."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing was surveyed, noticed or ruled."""
    op.create_table(
        "room_source",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_room_source"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_room_source_school_id"),
    )
    op.create_index("ix_room_source_school_id", "room_source", ["school_id"])
    op.create_table(
        "device_signal",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("before", sa.String(200), nullable=False),
        sa.Column("after", sa.String(200), nullable=False),
        sa.Column("noticed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_device_signal"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_device_signal_device_id"),
    )
    op.create_index("ix_device_signal_device_id", "device_signal", ["device_id"])
    op.create_index("ix_device_signal_state", "device_signal", ["state"])
    op.create_table(
        "fleet_setting",
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_fleet_setting"),
    )
