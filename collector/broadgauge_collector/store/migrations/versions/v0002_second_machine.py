"""Agents on other machines: school networks, their settings, sleep, certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add to the first tables; what is in them stays."""
    op.add_column("agent", sa.Column("asleep_since", MOMENT))
    op.add_column("reflector", sa.Column("fingerprint", sa.String(64)))
    op.add_column("reflector", sa.Column("removed_at", MOMENT))
    op.create_table(
        "school_network",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("subnet", sa.String(64), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_school_network"),
        sa.UniqueConstraint("subnet", name="uq_school_network_subnet"),
    )
    op.create_table(
        "agent_setting",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("school_id", sa.Uuid),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("value", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_setting"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_agent_setting_school_id"),
        sa.UniqueConstraint("school_id", "key", name="uq_agent_setting_school_id_key"),
    )
    op.create_index(
        "uq_agent_setting_key_of_district",
        "agent_setting",
        ["key"],
        unique=True,
        sqlite_where=sa.text("school_id IS NULL"),
        postgresql_where=sa.text("school_id IS NULL"),
    )
